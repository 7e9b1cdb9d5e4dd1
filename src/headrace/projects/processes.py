"""The processes of a command: those of its session, and those that left it for one of their own.

The latter carry the run's id in a variable that processes hand down, which Linux shows in /proc. Where there is no
/proc, only the command's first process group is known.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace import settings

_PROC = Path("/proc")
_GUARD = 'read -r word; [ "$word" = over ] && exit; kill -TERM "-$1"; sleep 10; kill -KILL "-$1"'
_OVER = (b"Z", b"X")  # ended, and nobody has asked how


def mark(run_id: str) -> dict[str, str]:
    """The variable for a command's processes. A run inside another one has the marks of both."""
    name, outer = settings.PROJECT_RUNS.names[0], settings.PROJECT_RUNS.get()
    return {name: f"{outer}:{run_id}" if outer else run_id}


@dataclass(frozen=True)
class Processes:
    """session: its number is that of the command's first process."""

    session: int
    run_id: str

    def send(self, number: int, *, everywhere: bool) -> None:
        """everywhere: also outside of the session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.session, number)
        for pid, group in self._listed(everywhere=everywhere):
            if group != self.session:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)

    def are_running(self, *, everywhere: bool) -> bool:
        """One that is over and that its parent didn't ask for isn't."""
        if (_PROC / "self").is_dir():
            return next(self._listed(everywhere=everywhere), None) is not None
        try:
            os.killpg(self.session, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def _listed(self, *, everywhere: bool) -> Iterator[tuple[int, int]]:
        """(process, its group)."""
        if not (_PROC / "self").is_dir():
            return
        for entry in _PROC.iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                # "PID (name) state parent group session …": a name may hold anything, also ")".
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                ours = int(fields[3]) == self.session or (everywhere and self._is_marked(entry))
            except OSError:
                continue
            if ours and fields[0] not in _OVER:
                yield int(entry.name), int(fields[2])

    def _is_marked(self, process: Path) -> bool:
        name = f"{settings.PROJECT_RUNS.names[0]}=".encode()
        for variable in (process / "environ").read_bytes().split(b"\0"):
            if variable.startswith(name):
                return self.run_id.encode() in variable.removeprefix(name).split(b":")
        return False


class Guard:
    """Ends a command's processes if this process dies before them, by whatever signal: a shell that reads from this
    process, and so hears of its end."""

    def __init__(self, session: int) -> None:
        self._shell = subprocess.Popen(  # noqa: S603 — the script is ours, its argument a number
            ["/bin/sh", "-c", _GUARD, "headrace-guard", str(session)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """The command is over."""
        self._shell.communicate(b"over\n")
