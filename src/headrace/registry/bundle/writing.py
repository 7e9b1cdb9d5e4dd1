from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from headrace import clock
from headrace.blobs.paths import file_path
from headrace.errors import AlreadyExists, InvalidValue

TAR = ".tar"


class BundleWriter(Protocol):
    def add(self, name: str, source: Path) -> None:
        """The file, under that name."""
        ...

    def add_text(self, name: str, content: bytes) -> None: ...


@contextmanager
def writing_bundle(target: Path, *, replace: bool = False) -> Iterator[BundleWriter]:
    """A .tar file, or a folder where the name ends otherwise. It appears under its name when it is whole; AlreadyExists
    if something is there, unless it may be replaced."""
    if target.exists() and not replace:
        raise AlreadyExists("file or folder", str(target), hint="Choose another name, or say that it may be replaced.")
    if not target.parent.is_dir():
        raise InvalidValue("target", str(target), "its folder isn't there.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.suffix == TAR:
            with tarfile.open(part, "x:", format=tarfile.PAX_FORMAT) as archive:
                yield _TarWriter(archive)
        else:
            part.mkdir()
            yield _FolderWriter(part)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        part.replace(target)
    finally:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


class _TarWriter:
    """Members say nothing of the machine and user that made them."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._time = clock.now_ms() // 1000

    def add(self, name: str, source: Path) -> None:
        with source.open("rb") as content:
            self._archive.addfile(self._member(name, source.stat().st_size), content)

    def add_text(self, name: str, content: bytes) -> None:
        self._archive.addfile(self._member(name, len(content)), io.BytesIO(content))

    def _member(self, name: str, size_bytes: int) -> tarfile.TarInfo:
        member = tarfile.TarInfo(file_path(name))
        member.size, member.mtime, member.mode = size_bytes, self._time, 0o644
        return member


class _FolderWriter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, source: Path) -> None:
        shutil.copyfile(source, self._made(name))

    def add_text(self, name: str, content: bytes) -> None:
        self._made(name).write_bytes(content)

    def _made(self, name: str) -> Path:
        place = self._folder / file_path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place
