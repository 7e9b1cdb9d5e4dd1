from __future__ import annotations

import hashlib
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, TypeVar

import msgspec

from headrace.blobs.paths import InvalidPath, relative
from headrace.entities import FileRecord, RegistryEvent
from headrace.errors import Corrupt, InvalidValue
from headrace.registry.bundle.records import (
    HISTORY_FILE,
    MAX_MODEL_BYTES,
    MODEL_FILE,
    BundledModel,
    BundledVersion,
    decoded,
    place_of,
)

T = TypeVar("T")

CHUNK_BYTES = 1 << 20
MAX_MEMBERS = 2_000_000
MAX_HISTORY_BYTES = 1 << 30
MAX_NAMED = 5


class _Members(Protocol):
    """What lies in a bundle: names in normal form → sizes, and their bytes."""

    @property
    def sizes(self) -> Mapping[str, int]: ...

    def open(self, name: str) -> IO[bytes]: ...


class Bundle:
    """model: what it says of itself. digest: SHA-256 of model.json, and so of all but the history."""

    def __init__(self, members: _Members) -> None:
        self._members = members
        text = self._read(MODEL_FILE, MAX_MODEL_BYTES)
        self.model: BundledModel = decoded(text)
        self.digest = hashlib.sha256(text).hexdigest()
        self._check_names()

    def history(self) -> list[RegistryEvent] | None:
        """Oldest first; None where the registry that it came from keeps none."""
        if not self.model.has_history:
            return None
        lines = self._read(HISTORY_FILE, MAX_HISTORY_BYTES).splitlines()
        try:
            return [msgspec.json.decode(line, type=RegistryEvent) for line in lines if line]
        except msgspec.DecodeError as error:
            raise InvalidValue(message=f"The bundle's {HISTORY_FILE} can't be read: {error}") from None

    def verify(self) -> None:
        """Reads every byte; Corrupt, with names, unless each file is what model.json says."""
        self.history()
        faults = [
            fault
            for version in self.model.versions
            for path, record in (version.files or {}).items()
            if (fault := self._fault(place_of(version, path), record))
        ]
        if faults:
            more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
            raise Corrupt(f"The bundle is damaged: {'; '.join(faults[:MAX_NAMED])}{more}. Export the model again.")

    def extract(self, version: BundledVersion, folder: Path) -> None:
        """Its files into a new folder; Corrupt if one isn't what model.json says."""
        folder.mkdir()
        for path, record in (version.files or {}).items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            name = place_of(version, path)
            with place.open("xb") as target:
                if self._copied(name, target) != record:
                    raise Corrupt(f"The bundle is damaged: {name} isn't what it was. Export the model again.")

    def _check_names(self) -> None:
        """Exactly what model.json names, with the sizes that it says: before anything is read or written."""
        expected = {MODEL_FILE: -1} | ({HISTORY_FILE: -1} if self.model.has_history else {})
        for version in self.model.versions:
            for path, record in (version.files or {}).items():
                expected[place_of(version, path)] = record.size_bytes
        sizes = self._members.sizes
        faults = [f"{name} is missing" for name in sorted(expected.keys() - sizes.keys())]
        faults += [
            f"{name} has {sizes[name]} bytes instead of {size}"
            for name, size in expected.items()
            if size >= 0 and name in sizes and sizes[name] != size
        ]
        if faults:
            more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
            raise Corrupt(f"The bundle isn't whole: {'; '.join(faults[:MAX_NAMED])}{more}. Export the model again.")
        strangers = sorted(sizes.keys() - expected.keys())
        if strangers:
            raise _refused(f"it holds {strangers[0]!r}, which its {MODEL_FILE} doesn't name")

    def _read(self, name: str, most: int) -> bytes:
        size = self._members.sizes.get(name)
        if size is None:
            raise InvalidValue(message=f"This isn't a bundle of a registered model, or not a whole one: no {name}.")
        if size > most:
            raise _refused(f"its {name} has {size} bytes; at most {most} are read")
        with self._members.open(name) as content:
            return content.read(most + 1)

    def _fault(self, name: str, record: FileRecord) -> str | None:
        return None if self._copied(name, None) == record else f"{name} has changed"

    def _copied(self, name: str, target: IO[bytes] | None) -> FileRecord:
        digest, size = hashlib.sha256(), 0
        with self._members.open(name) as content:
            while chunk := content.read(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                if target is not None:
                    target.write(chunk)
        return FileRecord(size, digest.hexdigest())


@contextmanager
def open_bundle(place: Path) -> Iterator[Bundle]:
    """A folder or .tar file. InvalidValue for one that no export wrote: links, devices, paths that lead out of it, a
    name that comes twice, anything that model.json doesn't name."""
    if place.is_dir():
        yield Bundle(_Folder(place))
        return
    try:
        archive = tarfile.open(place, "r:")  # noqa: SIM115 - closed below
    except tarfile.TarError:
        raise InvalidValue(
            "bundle", str(place), "it is no .tar file (a compressed one must be unpacked first)."
        ) from None
    with archive:
        try:
            members = _Tar(archive)
        except tarfile.TarError as error:
            raise Corrupt(f"The bundle {str(place)!r} isn't whole: {error}. Export the model again.") from None
        yield Bundle(members)


class _Tar:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._found: dict[str, tarfile.TarInfo] = {}
        for member in archive:
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                raise _refused(f"{member.name!r} is a link, a device or a sparse file, not a plain one")
            _keep(self._found, member.name, member)

    @property
    def sizes(self) -> Mapping[str, int]:
        return {name: member.size for name, member in self._found.items()}

    def open(self, name: str) -> IO[bytes]:
        content = self._archive.extractfile(self._found[name])
        assert content is not None
        return content


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, int] = {}
        for here, folders, files in os.walk(root):
            for name in [*folders, *files]:
                place = Path(here, name)
                found = place.lstat()
                if stat.S_ISDIR(found.st_mode):
                    continue
                shown = place.relative_to(root).as_posix()
                if not stat.S_ISREG(found.st_mode):
                    raise _refused(f"{shown!r} is a link or a device, not a plain file")
                _keep(self._found, shown, found.st_size)

    @property
    def sizes(self) -> Mapping[str, int]:
        return self._found

    def open(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


def _keep(found: dict[str, T], name: str, value: T) -> None:
    try:
        normal = relative(name)
    except InvalidPath as error:
        raise _refused(error.message) from None
    if normal != name.removeprefix("./"):
        raise _refused(f"{name!r} isn't a path in normal form")
    if normal in found:
        raise _refused(f"{normal!r} is in it twice")
    if len(found) >= MAX_MEMBERS:
        raise _refused(f"it holds more than {MAX_MEMBERS} files")
    found[normal] = value


def _refused(why: str) -> InvalidValue:
    return InvalidValue(message=f"The bundle is refused: {why}.")
