"""Projects in a zip or tar. A member may not leave the folder, and all of them may not fill the disk."""

from __future__ import annotations

import hashlib
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from headrace.errors import InvalidValue, TooLarge

_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_BYTES = 8 << 30  # unpacked: code and small data; what is larger belongs into an artifact or dataset
MAX_MEMBERS = 200_000


def is_archive(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(_SUFFIXES)


def digest(file: Path) -> str:
    """SHA-256, hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(file: Path, folder: Path) -> None:
    """InvalidValue names the member that leads out of the folder, TooLarge what is over the limits."""
    try:
        if file.name.lower().endswith(".zip"):
            with zipfile.ZipFile(file) as opened:
                _unzip(opened, folder, file)
        else:
            with tarfile.open(file) as archive:
                _untar(archive, folder, file)
    except (zipfile.BadZipFile, tarfile.ReadError, EOFError, NotImplementedError) as error:
        raise InvalidValue("uri", str(file), f"this archive can't be read: {error}.") from None


def _unzip(archive: zipfile.ZipFile, folder: Path, file: Path) -> None:
    members = archive.infolist()
    _check_count(len(members), file)
    left = MAX_BYTES
    for member in members:
        path = _target(member.filename, folder, file)
        mode = member.external_attr >> 16
        if stat.S_ISLNK(mode):
            raise InvalidValue("uri", str(file), f"its member {member.filename!r} is a link; a zip may hold none here.")
        if member.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as content, path.open("wb") as out:
            left = _copy(content, out, left, file)
        path.chmod(0o755 if mode & 0o100 else 0o644)


def _untar(archive: tarfile.TarFile, folder: Path, file: Path) -> None:
    left = MAX_BYTES
    for count, member in enumerate(archive, start=1):
        _check_count(count, file)
        _target(member.name, folder, file)
        left -= max(member.size, 0)
        if left < 0:
            raise TooLarge(f"The unpacked content of {str(file)!r}", MAX_BYTES - left, MAX_BYTES)
        try:
            # Of a link, it says where that leads; devices and pipes it refuses.
            archive.extract(member, folder, filter="data")
        except tarfile.FilterError as error:
            raise InvalidValue("uri", str(file), f"its member {member.name!r} may not be unpacked: {error}.") from None


def _target(name: str, folder: Path, file: Path) -> Path:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or ":" in (path.parts or ("",))[0]:
        raise InvalidValue("uri", str(file), f"its member {name!r} leads out of the project's folder.")
    return folder / path


def _check_count(count: int, file: Path) -> None:
    if count > MAX_MEMBERS:
        raise InvalidValue("uri", str(file), f"it has over {MAX_MEMBERS} members.")


def _copy(content: IO[bytes], out: IO[bytes], left: int, file: Path) -> int:
    """Counts what comes out: the sizes that a zip tells may be wrong on purpose."""
    while chunk := content.read(1 << 20):
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"The unpacked content of {str(file)!r}", MAX_BYTES - left, MAX_BYTES)
        out.write(chunk)
    return left
