"""Programs of others (installers, docker, kubectl, sbatch): found on the PATH, called with words and never through a
shell, their failures told in their own words."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from headrace.errors import CallerError, TimedOut
from headrace.lazy import MissingPackage

TIMEOUT_S = 60.0  # of a question; a cluster that needs longer to answer one isn't there
_SHOWN_LINES = 15  # of a failed program: its reason comes last


class ToolFailed(CallerError):
    """A program answered with an error. status: its exit status. said: its words."""

    def __init__(self, message: str, status: int = 1, said: str = "") -> None:
        super().__init__(message)
        self.status, self.said = status, said


@dataclass(frozen=True, kw_only=True)
class Tool:
    """name: of the program. hint: how to get it, for who hasn't got it. first: words before those of each call."""

    name: str
    hint: str
    first: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """MissingPackage if it isn't on the PATH."""
        found = shutil.which(self.name)
        if found is None:
            raise MissingPackage(f"{self.name!r} is needed and isn't on the PATH; {self.hint}")
        return found

    def words(self, *args: str) -> list[str]:
        return [self.path, *self.first, *args]

    def ask(
        self,
        *args: str,
        input: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = TIMEOUT_S,
    ) -> str:
        """What it prints, to its end. env: on top of this process's. ToolFailed, TimedOut."""
        try:
            ended = subprocess.run(  # noqa: S603 — no shell
                self.words(*args),
                input=input,
                stdin=subprocess.DEVNULL if input is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                env={**os.environ, **(env or {})},
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(f"`{self._shown(args)}` gave no answer within {timeout_s:g} s.") from None
        if ended.returncode:
            raise self.failed(args, ended.returncode, ended.stderr or ended.stdout)
        return ended.stdout

    def show(
        self,
        *args: str,
        tell: Callable[[str], None],
        input: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Runs it to its end, which may be far; its lines are told as they come. env: as in `ask`. ToolFailed."""
        with _file(input) as source:
            status, last = told(self.words(*args), tell, _SHOWN_LINES, stdin=source, env={**os.environ, **(env or {})})
        if status:
            raise self.failed(args, status, last)

    def failed(self, args: Sequence[str], status: int, said: str) -> ToolFailed:
        last = "\n".join(said.strip().splitlines()[-_SHOWN_LINES:]) or "nothing"
        return ToolFailed(f"`{self._shown(args)}` ended with status {status} and said:\n{last}", status, said.strip())

    def _shown(self, args: Sequence[str]) -> str:
        """Program and subcommand; options may be long, and hold what isn't for a log."""
        return " ".join([self.name, *itertools.takewhile(lambda word: not word.startswith("-"), args[:2])])


def told(
    command: Sequence[str],
    tell: Callable[[str], None],
    shown_lines: int,
    *,
    env: Mapping[str, str],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    cwd: Path | None = None,
) -> tuple[int, str]:
    """Runs a program to its end and tells each line as it comes: (exit status, the last lines). It is killed where
    `tell` raises."""
    last = deque[str](maxlen=shown_lines)
    with subprocess.Popen(  # noqa: S603 — no shell
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=cwd,
        env=env,
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                last.append(line.rstrip())
                tell(line.rstrip())
        except BaseException:
            child.kill()
            raise
    return child.returncode, "\n".join(last)


def _file(text: str | None) -> IO[bytes]:
    """To read the text from; a pipe would have to be written while the output is read."""
    made = tempfile.TemporaryFile()  # noqa: SIM115 — the caller's to close
    made.write((text or "").encode())
    made.seek(0)
    return made
