"""What the files of a version hold: taken once, when it is made, and held against them ever after.

A server has the digest of every file that went through it, so that a version costs a listing of its files, not a
reading. What came there on another way is read, in chunks, where the place is this side's to open; elsewhere the
version has no manifest, and says so where it is asked for.

Two files at the root of a model's folder aren't listed, and count for nothing where a folder is compared:
`model_manifest.json`, the folder's own word about itself, and `registered_model_meta`, which clients add to what they
download. MLmodel, which is listed, names the files that loading reads, so neither of them can bring anything in.
Python's caches (`__pycache__`) aren't listed either; `verify_folder` removes them, since Python would run them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headrace.blobs.base import BlobStore, Progress, SupportsLocalPath
from headrace.blobs.local import PART_PREFIX
from headrace.blobs.paths import InvalidPath, join, scheme
from headrace.entities import FileRecord, VersionManifest
from headrace.errors import CallerError, Corrupt, InvalidValue, NotFound
from headrace.packaging import manifest as folders
from headrace.packaging.digests import SMALL_BYTES, THREADS, hash_file, hash_files
from headrace.registry.files import FilesAt, VersionFiles
from headrace.registry.sources import Origin
from headrace.stores.base import ManifestStore

MAX_NAMED = 5  # faults in one message
LEFT_OUT = frozenset([folders.FILE_NAME, "registered_model_meta"])
_BYTECODE = "__pycache__"


def take(files: VersionFiles, origin: Origin, records: object, *, own_files: bool = False) -> VersionManifest | None:
    """None for a place that isn't this side's to open, and where no file lies. records: a store that may keep digests
    of artifacts. own_files: what lies on other machines isn't read, unless it was logged."""
    if not origin.location or (own_files and origin.root is None and scheme(origin.location) not in ("", "file")):
        return None
    try:
        place = files.open(origin.root or origin.location)
    except CallerError:
        return None
    sizes = listed(place.blobs, origin.path)
    if not sizes:
        return None
    known = _recorded(place, origin.path, records)
    found = {name: known[name] for name, size in sizes.items() if name in known and known[name].size_bytes == size}
    found.update(_digests(place.blobs, origin.path, {name: sizes[name] for name in sizes.keys() - found.keys()}))
    return VersionManifest(files=dict(sorted(found.items())))


def listed(blobs: BlobStore, folder: str) -> dict[str, int]:
    """Path, from the folder, to size of each file that a manifest lists. Empty where nothing lies."""

    def walk(here: str) -> Iterator[tuple[str, int]]:
        for entry in blobs.entries(here):
            name = entry.path[len(folder) + 1 :] if folder else entry.path
            last = name.rpartition("/")[2]
            if name in LEFT_OUT or last == _BYTECODE or last.startswith(PART_PREFIX):
                continue
            if entry.is_dir:
                yield from walk(entry.path)
            else:
                yield name, entry.size_bytes or 0

    return dict(walk(folder))


def digest_at(blobs: BlobStore, path: str) -> FileRecord:
    """Of one file, read in chunks."""
    if isinstance(blobs, SupportsLocalPath):
        return hash_file(blobs.local_path(path))
    digest, size = hashlib.sha256(), 0
    with blobs.open_reader(path) as reader:
        for chunk in reader:
            digest.update(chunk)
            size += len(chunk)
    return FileRecord(size, digest.hexdigest())


def verify_folder(
    folder: str | Path, manifest: VersionManifest, *, of: str = "The model", progress: Progress | None = None
) -> None:
    """Reads every byte; Corrupt, with names, unless the folder holds exactly what the manifest lists, metadata files
    included. Removes Python's caches. of: what the message calls it."""
    root = Path(folder)
    try:
        names = list(folders.files_of(root))
    except InvalidPath as error:
        raise Corrupt(f"{of} in {root} isn't what was registered: {error.message}") from error
    left = folders.remove_bytecode(root)
    sizes = {name: (root / name).stat().st_size for name in names}
    faults = [f"{path.relative_to(root)} was added, and can't be removed" for path in left]
    faults += compare(sizes, manifest)
    same = [name for name, size in sizes.items() if _has_size(manifest, name, size)]
    found = dict(zip(same, hash_files([root / name for name in same], progress), strict=True))
    faults += changed(found, manifest)
    refuse(faults, f"{of} in {root}")


def compare(sizes: Mapping[str, int], manifest: VersionManifest) -> list[str]:
    """What names and sizes alone tell, a sentence part a file."""
    faults = []
    for name, expected in sorted(manifest.files.items()):
        size = sizes.get(name)
        if size is None:
            faults.append(f"{name} is missing")
        elif size != expected.size_bytes:
            how = "is truncated" if size < expected.size_bytes else "has grown"
            faults.append(f"{name} {how}: {size} bytes instead of {expected.size_bytes}")
    return faults + [f"{name} was added" for name in sorted(sizes.keys() - manifest.files.keys())]


def changed(found: Mapping[str, FileRecord], manifest: VersionManifest) -> list[str]:
    return [
        f"{name} has changed: its SHA-256 is {record.sha256}"
        for name, record in sorted(found.items())
        if record.sha256 != manifest.files[name].sha256
    ]


def refuse(faults: Collection[str], what: str) -> None:
    """Corrupt if there are any."""
    if not faults:
        return
    named = "; ".join(list(faults)[:MAX_NAMED])
    more = f" and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
    raise Corrupt(
        f"{what} isn't what was registered: {named}{more}. `headrace models verify` compares it again; its files must "
        "come back, or the model be registered anew."
    )


def faults_at(
    files: VersionFiles, location: str, manifest: VersionManifest, *, contents: bool = False
) -> list[str] | None:
    """As `compare`, of the files where they lie; contents: reads every byte, too. None for a place that isn't this
    side's to open."""
    try:
        place = files.open(location)
    except CallerError:
        return None
    sizes = listed(place.blobs, "")
    if not sizes:
        return [f"all {len(manifest.files)} files are gone"]
    faults = compare(sizes, manifest)
    if contents:
        same = {name: size for name, size in sizes.items() if _has_size(manifest, name, size)}
        faults += changed(_digests(place.blobs, "", same), manifest)
    return faults


def amended(
    present: VersionManifest, records: Mapping[str, FileRecord], removed: Iterable[str] = ()
) -> VersionManifest:
    """After an edit. records: files that were rewritten or added; removed: files that went."""
    kept = {name: record for name, record in present.files.items() if name not in set(removed)}
    return VersionManifest(files=dict(sorted({**kept, **records}.items())))


def check_amendment(files: VersionFiles, location: str, present: VersionManifest, wanted: VersionManifest) -> None:
    """InvalidValue unless the two differ in metadata files only, and these are as `wanted` says where they lie."""
    differing = {
        name for name in present.files.keys() | wanted.files.keys() if present.files.get(name) != wanted.files.get(name)
    }
    others = sorted(differing - folders.METADATA_FILES)
    if others:
        allowed = ", ".join(sorted(folders.METADATA_FILES))
        raise InvalidValue("manifest", others, f"of a version, only these files may change: {allowed}.")
    blobs = files.open(location).blobs
    for name in sorted(differing):
        try:
            found = digest_at(blobs, name)
        except NotFound:
            found = None
        if found != wanted.files.get(name):
            raise InvalidValue("manifest", name, f"the file at {location} holds something else.")


def _recorded(place: FilesAt, folder: str, records: object) -> dict[str, FileRecord]:
    if not isinstance(records, ManifestStore):
        return {}
    root = join(place.folder, folder)
    start = len(root) + 1 if root else 0
    return {
        entry.path[start:]: FileRecord(entry.size_bytes, entry.sha256)
        for entry in records.list_manifest(place.manifest_root, root)
    }


def _digests(blobs: BlobStore, folder: str, sizes: Mapping[str, int]) -> dict[str, FileRecord]:
    names = list(sizes)
    if isinstance(blobs, SupportsLocalPath):
        paths = [blobs.local_path(join(folder, name)) for name in names]
        return dict(zip(names, hash_files(paths), strict=True))
    if len(names) < 2 or sum(sizes.values()) <= SMALL_BYTES:
        return {name: digest_at(blobs, join(folder, name)) for name in names}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="headrace-digests") as pool:
        return dict(zip(names, pool.map(lambda name: digest_at(blobs, join(folder, name)), names), strict=True))


def _has_size(manifest: VersionManifest, name: str, size: int) -> bool:
    record = manifest.files.get(name)
    return record is not None and record.size_bytes == size
