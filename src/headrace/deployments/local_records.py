"""Records of the deployments on this machine: one JSON file each in HEADRACE_HOME/deployments, for this user alone."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import msgspec

from headrace import clock
from headrace.client import temporary
from headrace.client.outbox.lock import held
from headrace.errors import InvalidValue, NotFound
from headrace.packaging.trusted_digests import home

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_KEPT_LOGS = 3  # of a name: the one in use, and those before it


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """pid: of the process that serves, which leads a group. born: its start, as /proc says it (clock ticks since the
    machine's); None where there is no /proc."""

    name: str
    model_uri: str
    host: str
    port: int
    config: dict[str, Any]
    log: Path
    started_ms: int
    pid: int = 0
    born: int | None = None

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def alive(self) -> bool:
        return is_alive(self.pid, self.born)

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": "running" if self.alive else "ended",
            "model_uri": self.model_uri,
            "url": self.url,
            "pid": self.pid,
            "started_ms": self.started_ms,
            "log": str(self.log),
            "config": self.config,
        }


class Records:
    def __init__(self) -> None:
        self.folder = home() / "deployments"

    def find(self, name: str) -> Record | None:
        try:
            return msgspec.json.decode(self._path(name).read_bytes(), type=Record, dec_hook=_path_of)
        except FileNotFoundError:
            return None

    def get(self, name: str) -> Record:
        found = self.find(name)
        if found is None:
            there = ", ".join(record.name for record in self.all()) or "none"
            raise NotFound("deployment", name, by="name", hint=f"On this machine there are: {there}.")
        return found

    def all(self) -> list[Record]:
        found = [self.find(path.stem) for path in sorted(self.folder.glob("*.json"))]
        return [record for record in found if record is not None]

    def write(self, record: Record) -> None:
        path = self._path(record.name)
        part = path.with_suffix(f".{clock.hex_id()[:8]}.part")
        part.write_bytes(msgspec.json.format(msgspec.json.encode(record, enc_hook=str)))
        part.replace(path)

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)
        for log in self._logs(name):
            log.unlink(missing_ok=True)

    def new_log(self, name: str) -> Path:
        """A file for the output of a process that is to be started; the oldest go."""
        for old in self._logs(name)[: -(_KEPT_LOGS - 1)]:
            old.unlink(missing_ok=True)
        return self.folder / f"{name}.{clock.now_ms()}.log"

    def locked(self, name: str) -> AbstractContextManager[None]:
        """One change of a name at a time, of all processes."""
        return held(self._path(name).with_suffix(".lock"))

    def _logs(self, name: str) -> list[Path]:
        return sorted(path for path in self.folder.glob("*.log") if re.fullmatch(rf"{re.escape(name)}\.\d+", path.stem))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvalidValue("name", name, "letters, digits, '.', '_' and '-', at most 100, a letter or digit first.")
        return self.folder / f"{name}.json"


def is_alive(pid: int, born: int | None) -> bool:
    """Whether that very process runs; one that ended and that nobody asked for doesn't."""
    if pid <= 0:
        return False
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of this very process is asked for
    if born is not None:
        return born_at(pid) == born
    return temporary.is_alive(pid)


def born_at(pid: int) -> int | None:
    """None where it has ended, or where there is no /proc."""
    try:
        fields = Path("/proc", str(pid), "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _path_of(kind: type, value: object) -> object:
    return kind(value)
