"""What a model folder holds: size and SHA-256 of every file, in `model_manifest.json` beside the MLmodel.

It finds damage (a download that broke off, a bad disk, files from another version), and its digest names the content of
the whole folder. It proves nothing about who wrote it: whoever can change a file can change the manifest too. So trust
rests on `digest_of`, which reads the files, and never on what a folder says of itself.

MLflow doesn't know the file and keeps it. What MLflow changes in a finished folder is allowed for: `set_signature`,
`update_model_requirements` and `add_libraries_to_model` rewrite the metadata files; a download from a registry adds
`registered_model_meta`. Python's `__pycache__` folders count for nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from headrace import clock
from headrace.blobs.base import Progress
from headrace.blobs.local import PART_PREFIX
from headrace.blobs.paths import InvalidPath
from headrace.entities import FileRecord, tree_digest
from headrace.errors import Corrupt, NotFound
from headrace.packaging.digests import copy_and_hash, copy_tree, hash_file, hash_files
from headrace.packaging.inside import is_inside

__all__ = [
    "FILE_NAME",
    "Manifest",
    "bytecode_of",
    "check",
    "copy_and_hash",
    "copy_tree",
    "digest_of",
    "files_of",
    "hash_file",
    "read",
    "remove_bytecode",
    "take",
    "to_bytes",
    "write",
]

FILE_NAME = "model_manifest.json"
MAX_BYTES = 256 << 20  # a million files
MAX_NAMED = 5  # faults in one message

METADATA_FILES = frozenset(
    [
        "MLmodel",
        "conda.yaml",
        "constraints.txt",
        "environment_variables.txt",
        "python_env.yaml",
        "requirements.lock",
        "requirements.txt",
    ]
)
_REGISTERED = "registered_model_meta"
_REGISTERED_TEXT = re.compile(r"(model_(name|version): [\w .'-]+\r?\n){1,2}")
MAX_REGISTERED_BYTES = 4096
_ADDED_FOLDERS = ("wheels/", "metadata/")  # by add_libraries_to_model, and copies of metadata by registries
_BYTECODE = "__pycache__"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """files: path from the folder, with "/" → what it holds. version: of this form."""

    version: int = 1
    files: dict[str, FileRecord]

    @property
    def size_bytes(self) -> int:
        return sum(found.size_bytes for found in self.files.values())

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over one line `SHA256 SIZE "PATH"` a file, by path."""
        return tree_digest(self.files)


def take(
    folder: str | Path, known: Mapping[str, FileRecord] | None = None, progress: Progress | None = None
) -> Manifest:
    """Of the files as they are now. known: digests of files that were hashed while they were copied there."""
    root = Path(folder)
    names = list(files_of(root))
    found = {name: each for name, each in (known or {}).items() if (root / name).stat().st_size == each.size_bytes}
    unknown = [name for name in names if name not in found]
    found.update(zip(unknown, hash_files([root / name for name in unknown], progress), strict=True))
    return Manifest(files={name: found[name] for name in names})


def write(
    folder: str | Path, known: Mapping[str, FileRecord] | None = None, progress: Progress | None = None
) -> Manifest:
    """Takes the manifest and puts it into the folder, as the last file."""
    manifest = take(folder, known, progress)
    place = Path(folder) / FILE_NAME
    part = place.with_name(f"{PART_PREFIX}{clock.hex_id()}")
    try:
        part.write_bytes(to_bytes(manifest))
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return manifest


def to_bytes(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read(folder: str | Path) -> Manifest | None:
    """What the folder says it holds; None if it says nothing. Corrupt if it can't be read."""
    place = Path(folder) / FILE_NAME
    try:
        if place.stat().st_size > MAX_BYTES:
            raise Corrupt(f"{place} has more than {MAX_BYTES} bytes, so it is no manifest.")
        return msgspec.json.decode(place.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Corrupt(f"{place} can't be read as a manifest: {error}.") from error


def check(
    folder: str | Path, manifest: Manifest, *, contents: bool = False, progress: Progress | None = None
) -> list[str]:
    """Compares names and sizes, and with `contents` every byte. Returns the metadata files that were edited or added
    since, as some functions of MLflow do, and files that were added; raises Corrupt, with the names, for any other file
    that is missing, truncated or changed."""
    root = Path(folder)
    present = set(files_of(root))
    faults: list[str] = []
    edited: list[str] = []

    def differs(name: str, how: str) -> None:
        (edited if _is_metadata(name) else faults).append(name if _is_metadata(name) else f"{name} {how}")

    same_size = []
    for name, expected in sorted(manifest.files.items()):
        if name not in present:
            faults.append(f"{name} is missing")
            continue
        size = (root / name).stat().st_size
        if size == expected.size_bytes:
            same_size.append(name)
        else:
            how = "is truncated" if size < expected.size_bytes else "has grown"
            differs(name, f"{how}: {size} bytes instead of {expected.size_bytes}")
    edited += present - manifest.files.keys()  # MLflow's clients add files to a finished model; trust reads those, too
    if contents:
        for name, found in zip(same_size, hash_files([root / name for name in same_size], progress), strict=True):
            if found.sha256 != manifest.files[name].sha256:
                differs(name, f"has changed: its SHA-256 is {found.sha256}")
    if faults:
        more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
        raise Corrupt(
            f"The model in {root} isn't what its manifest says: {'; '.join(faults[:MAX_NAMED])}{more}. "
            "Download or save it again."
        )
    return sorted(edited)


def digest_of(folder: str | Path, progress: Progress | None = None) -> str:
    """`Manifest.digest` of what the folder really holds: every byte is read, also of what a manifest would leave out,
    unless its content is harmless. Only bytecode counts for nothing; `bytecode_of` finds it."""
    read(folder)  # Corrupt, if something else goes by the name of the manifest
    names = list(files_of(folder, every=True))
    return Manifest(
        files=dict(zip(names, hash_files([Path(folder) / name for name in names], progress), strict=True))
    ).digest


def bytecode_of(folder: str | Path) -> list[Path]:
    """Python's caches of compiled code below the folder: folders, or links by that name."""
    root = Path(folder)
    return [
        Path(here, name) for here, folders, files in os.walk(root) for name in [*folders, *files] if name == _BYTECODE
    ]


def remove_bytecode(folder: str | Path) -> list[Path]:
    """Python's caches below the folder, which no digest counts and which could hold anything; what couldn't be
    removed."""
    for cache in bytecode_of(folder):
        with contextlib.suppress(OSError):
            if cache.is_symlink() or not cache.is_dir():
                cache.unlink()
            else:
                shutil.rmtree(cache)
    return bytecode_of(folder)


def files_of(folder: str | Path, *, every: bool = False) -> Iterator[str]:
    """Paths of the files that a manifest lists, in order; with `every`, also of those that may be added later and could
    hold anything. NotFound, or InvalidPath for a link that leads out of the folder, a pipe or device, or a name that
    isn't Unicode. Links inside the folder count as what they lead to."""
    root = Path(folder)
    if not root.is_dir():
        raise NotFound("model folder", str(root), by="path")
    return _walk(root, root, "", frozenset(), every)


def _walk(root: Path, here: Path, prefix: str, above: frozenset[str], every: bool) -> Iterator[str]:
    above |= {os.path.realpath(here)}
    with os.scandir(here) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{prefix}{entry.name}"
        _refuse_outside(root, entry, name)
        if _is_left_out(entry, name, every):
            continue
        if entry.is_dir():
            if entry.name != _BYTECODE and os.path.realpath(entry.path) not in above:
                yield from _walk(root, Path(entry.path), f"{name}/", above, every)
        elif stat.S_ISREG(entry.stat().st_mode):
            yield name
        else:
            raise InvalidPath(name, "it isn't a plain file, so it can't belong to a model")


def _is_left_out(entry: os.DirEntry[str], name: str, every: bool) -> bool:
    if name == FILE_NAME:
        return entry.is_file()
    if name == _REGISTERED:
        return not every or (entry.stat().st_size <= MAX_REGISTERED_BYTES and _is_harmless(Path(entry.path)))
    # Of a copy that is still on its way, or that a crash left.
    return entry.name.startswith(PART_PREFIX) and not every


def _is_harmless(path: Path) -> bool:
    """A model's name and version, and nothing that could be read as a pickle or as Python."""
    try:
        return _REGISTERED_TEXT.fullmatch(path.read_bytes().decode()) is not None
    except UnicodeDecodeError:
        return False


def _refuse_outside(root: Path, entry: os.DirEntry[str], name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidPath(name, "its name isn't valid Unicode") from None
    if entry.is_symlink():
        if not is_inside(root, entry.path):
            raise InvalidPath(name, "it is a link that leads out of the model's folder")
        if not Path(entry.path).exists():
            raise InvalidPath(name, "it is a link that leads nowhere")


def _is_metadata(name: str) -> bool:
    return name in METADATA_FILES or name.startswith(_ADDED_FOLDERS)
