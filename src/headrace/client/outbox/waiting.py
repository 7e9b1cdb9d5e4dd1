"""Files of runs that wait for their store, in the journal's folder:

    artifacts/RUN_ID/PATH           a copy; of a large file a hard link, which outlives the file's name
    artifacts/RUN_ID.links/…        how the large file at a PATH looked when it was logged
    artifacts/RUN_ID.target         the store that they are meant for
    artifacts/RUN_ID.lock, .sync    held while a file comes or goes; by the process that sends
    rejected/RUN_ID/PATH            what can't be sent as it was logged, each with a line in files.rejected.jsonl

A file appears whole, and goes when the store has it; one that is logged again takes the place of the one that waits. So
nothing but the folder says what is still to be sent, and any process may send it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from headrace import clock, settings
from headrace.blobs.base import BlobWriter
from headrace.blobs.local import PART_PREFIX, STALE_PART_MS, LocalBlobs, PartWriter, local_errors, sync
from headrace.blobs.paths import file_path
from headrace.client.outbox.lock import held
from headrace.client.outbox.unmet import ARTIFACTS
from headrace.entities.limits import check_run_id, is_run_id
from headrace.errors import StoreUnavailable

COPIED_BYTES = 64 << 20  # takes a disk some 50 ms; what is larger is linked where that can be
REJECTED = "rejected"
REASONS = "files.rejected.jsonl"

T = TypeVar("T")


class Look(NamedTuple):
    """A waiting file as it was found. state: inode, size and time of its last change. link: how it looked when it was
    logged, in the same form, if it is a link to a file that its owner may change."""

    run_id: str
    path: str
    place: Path
    state: str
    link: str | None

    @property
    def changed(self) -> bool:
        """Whether the bytes aren't those that were logged, or not for sure."""
        if self.link is None or _inode(self.link) != _inode(self.state):  # else that of a link which was replaced
            return False
        try:
            return _state(self.place.stat()) != self.link
        except FileNotFoundError:
            return False

    def watch(self, size_bytes: int) -> None:  # noqa: ARG002 — the form of a transfer's progress
        """To be called before the last bytes are on their way, so that no mixture of two states is sent whole."""
        if self.changed:
            raise StoreUnavailable(f"{self.path!r} was changed while it was sent.")


class Waiting:
    """Thread safe, among processes too. folder: of the journals. target: of the store, for whoever finds the files;
    "" where it isn't known."""

    def __init__(self, folder: Path, target: str = "") -> None:
        self._folder, self._root, self._target = folder, folder / ARTIFACTS, target
        self._lock = threading.Lock()
        self._unsynced: set[Path] = set()

    def runs(self) -> list[str]:
        try:
            return sorted(each.name for each in self._root.iterdir() if is_run_id(each.name) and each.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []

    def target(self, run_id: str) -> str:
        try:
            return self._beside(run_id, "target").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def sending(self, run_id: str) -> Path:
        """The file for the lock of the process that sends."""
        return self._beside(run_id, "sync")

    def blobs(self, run_id: str) -> LocalBlobs:
        """To read what waits."""
        return LocalBlobs(self._root / run_id)

    def looks(self, run_id: str) -> list[Look]:
        tree, found = self._root / run_id, []
        for here, _, names in os.walk(tree):
            for name in names:
                if not name.startswith(PART_PREFIX):
                    place = Path(here, name)
                    found.append(self._look(run_id, place.relative_to(tree).as_posix(), place))
        return sorted(each for each in found if each is not None)

    def writer(self, run_id: str, path: str) -> BlobWriter:
        return _Copy(self, run_id, file_path(path))

    def link(self, run_id: str, path: str, source: Path) -> bool:
        """False where the file can't be linked to: it lies on another disk, say, or belongs to somebody else."""
        clean, state = file_path(path), _state(source.stat())
        real = os.path.realpath(source)

        def linked(part: Path) -> bool:
            try:
                os.link(real, part)
            except OSError:
                return False
            return True

        part, done = self.draft(run_id, linked)
        if done:
            self.appear(run_id, clean, part, state)
        return done

    def draft(self, run_id: str, make: Callable[[Path], T]) -> tuple[Path, T]:
        """Where a file is made that will appear under its name, and what `make` makes of the place."""
        check_run_id("run_id", run_id)
        part = self._root / run_id / f"{PART_PREFIX}{clock.hex_id()}"
        try:
            with held(self._beside(run_id, "lock")):  # else the folder might be tidied away
                part.parent.mkdir(mode=0o700, exist_ok=True)
                target = self._beside(run_id, "target")
                if self._target and not target.exists():
                    target.write_text(self._target, encoding="utf-8")
                return part, make(part)
        except OSError as error:
            raise StoreUnavailable(f"No files can be kept in {self._folder}: {error.strerror or error}.") from error

    def appear(self, run_id: str, path: str, part: Path, link: str | None = None) -> None:
        """link: the state of the file, if `part` is a link to one of somebody else's."""
        place = self._root / run_id / path
        try:
            with local_errors(path), held(self._beside(run_id, "lock")):
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                noted = self._noted(run_id, path)
                if link is None:
                    noted.unlink(missing_ok=True)
                else:
                    noted.parent.mkdir(mode=0o700, exist_ok=True)
                    noted.write_text(link)
                part.replace(place)
                if settings.JOURNAL_SYNC.get():
                    sync(place.parent)  # which has the name
        finally:
            part.unlink(missing_ok=True)  # also where both are links to one file: then `replace` does nothing
        with self._lock:
            self._unsynced |= {place, place.parent} if link is None else {place.parent}

    def gone(self, look: Look) -> None:
        """The store has the file, unless it was logged again meanwhile."""
        with held(self._beside(look.run_id, "lock")):
            if self._is_still(look):
                look.place.unlink()
                self._noted(look.run_id, look.path).unlink(missing_ok=True)

    def drop(self, run_id: str, path: str) -> None:
        """The store has a later file of that name."""
        look = self._look(run_id, path, self._root / run_id / path)
        if look is not None:
            self.gone(look)

    def set_aside(self, look: Look, reason: str) -> bool:
        """False where the file was logged again, or is gone."""
        kept = self._folder / REJECTED / look.run_id / look.path
        line = json.dumps({"run_id": look.run_id, "path": look.path, "message": reason, "kept": str(kept)})
        with held(self._beside(look.run_id, "lock")):
            if not self._is_still(look):
                return False
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            look.place.replace(kept)
            look.place.unlink(missing_ok=True)
            self._noted(look.run_id, look.path).unlink(missing_ok=True)
            with (self._folder / REASONS).open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        return True

    def tidy(self, run_id: str) -> None:
        """Removes what is kept about the run, if none of its files waits."""
        with contextlib.suppress(OSError), held(self._beside(run_id, "lock")):  # what isn't empty stays
            oldest_ms = clock.now_ms() - STALE_PART_MS
            for here, _, names in os.walk(self._root / run_id, topdown=False):
                for part in (Path(here, name) for name in names if name.startswith(PART_PREFIX)):
                    if part.stat().st_mtime_ns // 1_000_000 < oldest_ms:
                        part.unlink()
                Path(here).rmdir()
            if self._beside(run_id, "links").exists():
                self._beside(run_id, "links").rmdir()
            for kind in ("target", "lock"):
                self._beside(run_id, kind).unlink(missing_ok=True)

    def tidy_all(self) -> None:
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def sync(self) -> None:
        """Returns when all copies that appeared before are on the disk, and the names of all files."""
        with self._lock:
            places, self._unsynced = self._unsynced, set()
        for place in places:
            with contextlib.suppress(FileNotFoundError):  # it is with the store
                sync(place)

    def _look(self, run_id: str, path: str, place: Path) -> Look | None:
        try:
            found = place.stat()
        except FileNotFoundError:
            return None
        try:
            link = self._noted(run_id, path).read_text()
        except FileNotFoundError:
            link = None
        return Look(run_id, path, place, _state(found), link)

    def _is_still(self, look: Look) -> bool:
        """Not logged again; the owner of a linked file may have changed it."""
        again = self._look(look.run_id, look.path, look.place)
        if again is None or again.link != look.link:
            return False
        return again.state == look.state or (look.link is not None and _inode(again.state) == _inode(look.state))

    def _noted(self, run_id: str, path: str) -> Path:
        return self._beside(run_id, "links") / hashlib.sha256(path.encode()).hexdigest()[:32]

    def _beside(self, run_id: str, kind: str) -> Path:
        return self._root / f"{run_id}.{kind}"


class _Copy(PartWriter):
    def __init__(self, waiting: Waiting, run_id: str, path: str) -> None:
        super().__init__(path, *waiting.draft(run_id, lambda part: part.open("xb", buffering=0)))
        self._waiting, self._run_id = waiting, run_id

    def _commit(self) -> None:
        try:
            if settings.JOURNAL_SYNC.get():
                with local_errors(self.path):
                    os.fsync(self._file.fileno())
            self._file.close()
            self._waiting.appear(self._run_id, self.path, self._part)
        except BaseException:
            self._abort()
            raise


def is_large(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size > COPIED_BYTES


def _state(found: os.stat_result) -> str:
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns}"


def _inode(state: str) -> str:
    return state.partition(" ")[0]
