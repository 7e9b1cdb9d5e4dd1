"""Looks at the files of a folder for what would run code, by content and not by name, and runs none of it.

Known: pickles of all protocols, also one after the other, joblib's with raw arrays, compressed by gzip, zlib, bz2 or
lzma; arrays of objects in .npy and .npz; zip archives (PyTorch, skops, Keras, wheels) and tar archives, three deep;
Keras' Lambda layers. A file that breaks off, unfolds to too much or contradicts itself is reported, never raised.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from headrace.packaging.manifest import files_of
from headrace.packaging.pickles import skops
from headrace.packaging.pickles.findings import Finding
from headrace.packaging.pickles.machine import UNKNOWN_NAME, Machine, Malformed
from headrace.packaging.pickles.streams import FOLDED_ERRORS, Budget, Plain, Spent, Stream, Unfolded, decompressor_of

MAX_DEPTH = 3  # archives in archives
MAX_PICKLES = 10_000  # one after the other, in one file
HEAD_BYTES = 512
NPY_HEADER_BYTES = 1 << 16
KERAS_BYTES = 64 << 20  # of the part of a file that names its layers
INNER_BYTES = 256 << 20  # of an archive in an archive, which is unfolded into memory
ZIP = b"PK\x03\x04"  # to an unpickler, the number of an object that only PyTorch's own files have
PICKLE_SUFFIXES = frozenset([".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".statsmodels"])

_LAMBDA = re.compile(rb'"class_name"\s*:\s*"(Lambda|TFOpLambda)"')
_ARCHIVE_ERRORS = (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError, *FOLDED_ERRORS)


def scan(folder: str | Path, budget: Budget | None = None) -> list[Finding]:
    """Of every file in it that would run code when it is loaded, or that can't be judged, in order of paths."""
    root = Path(folder)
    allowed = budget or Budget()
    found: list[Finding] = []
    for name in files_of(root):
        found += scan_file(root / name, name, allowed)
        if allowed.is_spent:
            break  # what was found last says so
    return found


def scan_file(path: str | Path, name: str | None = None, budget: Budget | None = None) -> list[Finding]:
    """Of one file, which is called `name` in what is found."""
    shown = name or Path(path).name
    allowed = budget or Budget()
    try:
        allowed.enter()
        with Path(path).open("rb") as file:
            return list(_look(file, shown, allowed, MAX_DEPTH))
    except Spent as spent:
        return [Finding(path=shown, kind="file", trouble=f"it wasn't looked through: {spent}")]
    except OSError as error:
        return [Finding(path=shown, kind="file", trouble=f"it can't be read: {error.strerror}")]


def _look(file: IO[bytes], name: str, budget: Budget, depth: int) -> Iterator[Finding]:
    """The file can be wound back."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith(b"\x93NUMPY"):
        yield from _npy(file, name, budget)
    elif (decompressor := decompressor_of(head)) is not None:
        yield from _pickles(Unfolded(Plain(file), decompressor, budget), name, budget)
    elif not _is_safetensors(head) and not head.startswith(ZIP):
        yield from _pickles(Plain(file), name, budget)
    if head.startswith(b"\x89HDF") or name.endswith((".h5", "keras_metadata.pb")):
        file.seek(0)
        yield from _keras(file.read(KERAS_BYTES), name)
    file.seek(0)
    if zipfile.is_zipfile(file):
        yield from _skops(file, name, budget)
        yield from _archive(_zip_entries(file, budget), name, budget, depth)
    if head[257:262] == b"ustar":  # of which the last entry may be a zip
        file.seek(0)
        yield from _archive(_tar_entries(file, budget), name, budget, depth)


def _pickles(stream: Stream, name: str, budget: Budget) -> Iterator[Finding]:
    """Of a file of pickles. Any file may be read as one, so it counts as one if an unpickler would get somewhere."""
    machine = Machine(stream, budget)
    trouble, whole = None, 0
    try:
        while whole < MAX_PICKLES:
            machine.operations = 0
            machine.run()
            whole += 1
    except Malformed as error:
        if not whole:
            trouble = f"it isn't a whole pickle: {error}"
    except FOLDED_ERRORS as error:
        trouble = f"it can't be unfolded: {error}"
    except Spent as spent:
        trouble = f"it wasn't looked through: {spent}"
    is_named_so = PurePosixPath(name).suffix.lower() in PICKLE_SUFFIXES
    started = machine.protocol >= 2 and (whole or machine.operations > 1)
    got_somewhere = _plausible(machine.names) and (machine.calls or whole > 0)
    if is_named_so or started or got_somewhere:
        yield Finding(path=name, kind="pickle", names=tuple(machine.names), trouble=trouble)


def _plausible(names: Iterable[str]) -> bool:
    """Text may look like a pickle of protocol 0 for a few lines, but hardly like one that imports a name."""
    first = next(iter(names), "")
    return first == UNKNOWN_NAME or all(part.isidentifier() for part in first.split("."))


def _npy(file: IO[bytes], name: str, budget: Budget) -> Iterator[Finding]:
    """An array of objects is a pickle behind a header."""
    start = file.read(8)
    size = int.from_bytes(file.read(2 if start[6:7] == b"\x01" else 4), "little")
    header = file.read(min(size, NPY_HEADER_BYTES))
    if size > NPY_HEADER_BYTES or re.search(rb"['\"][<>|=]?O\d*['\"]", header):
        found = list(_pickles(Plain(file), name, budget))
        yield from found or [Finding(path=name, kind="pickle", trouble="an array of objects without its pickle")]


def _keras(text: bytes, name: str) -> Iterator[Finding]:
    if _LAMBDA.search(text):
        yield Finding(path=name, kind="keras", names=("a Lambda layer's Python code",))


def _skops(file: IO[bytes], name: str, budget: Budget) -> Iterator[Finding]:
    """A skops file is a zip with a schema; whatever it is called, its MLmodel may call it one."""
    try:
        with zipfile.ZipFile(file) as archive:
            if "schema.json" not in archive.namelist():
                return
            with archive.open("schema.json") as inner:
                schema = inner.read(INNER_BYTES)
            unfolded = sum(info.file_size for info in archive.infolist())
        budget.unfold(len(schema))
        if not name.endswith(".skops") and b'"_skops_version"' not in schema:
            return
        file.seek(0)
        yield from skops.look(schema, name, file.read() if unfolded <= INNER_BYTES else None)
    except _ARCHIVE_ERRORS as error:
        yield Finding(path=name, kind=skops.SKOPS, trouble=f"it can't be unpacked: {error}")
    finally:
        file.seek(0)


Entry = tuple[str, int, IO[bytes]]  # name, size, content


def _archive(entries: Iterator[Entry], name: str, budget: Budget, depth: int) -> Iterator[Finding]:
    try:
        for inner, size, file in entries:
            shown = f"{name}!{inner}"
            if inner.startswith(("/", "\\")) or ".." in inner.replace("\\", "/").split("/"):
                yield Finding(path=shown, kind="archive", trouble="its name leads out of the folder it is unpacked to")
            if inner == "config.json" and name.endswith(".keras"):
                yield from _keras(file.read(KERAS_BYTES), name)
            else:
                yield from _entry(file, shown, size, budget, depth)
    except _ARCHIVE_ERRORS as error:
        yield Finding(path=name, kind="archive", trouble=f"it can't be unpacked: {error}")


def _entry(file: IO[bytes], name: str, size: int, budget: Budget, depth: int) -> Iterator[Finding]:
    """Of an archive. Only what could hold more than one pickle is unfolded as a whole."""
    head = file.read(HEAD_BYTES)
    if head.startswith((ZIP, b"\x93NUMPY")) or head[257:262] == b"ustar" or decompressor_of(head):
        if depth <= 0 or size > INNER_BYTES:
            yield Finding(path=name, kind="archive", trouble="it is nested too deeply or too large to be looked into")
            return
        budget.unfold(size)
        yield from _look(io.BytesIO(head + file.read(INNER_BYTES)), name, budget, depth - 1)
    elif not _is_safetensors(head):
        yield from _pickles(_Resumed(head, Plain(file, budget)), name, budget)


class _Resumed:
    """A stream of which the head was read already."""

    def __init__(self, head: bytes, rest: Stream) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int, /) -> bytes:
        part, self._head = self._head[:size], self._head[size:]
        return part + self._rest.read(size - len(part)) if len(part) < size else part

    def skip(self, size: int, /) -> int:
        part, self._head = self._head[:size], self._head[size:]
        return len(part) + (self._rest.skip(size - len(part)) if len(part) < size else 0)


def _zip_entries(file: IO[bytes], budget: Budget) -> Iterator[Entry]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            budget.enter()
            if not info.is_dir():
                with archive.open(info) as inner:
                    yield info.filename, info.file_size, inner


def _tar_entries(file: IO[bytes], budget: Budget) -> Iterator[Entry]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            budget.enter()
            inner = archive.extractfile(member) if member.isfile() else None
            name = f"{member.name}/{member.linkname}" if member.linkname else member.name  # a link's target counts too
            yield name, member.size, inner or io.BytesIO()


def _is_safetensors(head: bytes) -> bool:
    """Its first eight bytes, the size of its header, may look like the beginning of a pickle."""
    return head[8:9] == b"{" and head[2:8].count(0) >= 4
