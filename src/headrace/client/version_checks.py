"""What is asked of a registered version before its files are used here: that they are, byte by byte, those of its
manifest in the registry; that the model's policy lets it load; and who vouches for code in it.

A version is the files of its manifest. What somebody put into its folder since isn't kept in a download, and a folder
of this machine that holds other files isn't used where it lies.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from headrace.blobs.base import SupportsLocalPath
from headrace.blobs.transfer import OnProgress, download
from headrace.client.artifact_uris import Place
from headrace.client.open import tracking_store
from headrace.client.registered import Registered
from headrace.entities import EventKind, FileRecord, RegistryEvent, VersionManifest
from headrace.errors import NotFound, NotSupported, RouteNotFound
from headrace.packaging.digests import hash_file
from headrace.packaging.mlmodel import FILE_NAME
from headrace.packaging.trust import Origin, trusted_users
from headrace.registry import manifests, policy

META_FILE = "registered_model_meta"  # what MLflow puts into a download
_EVENTS_PAGE = 1000
_UNVERIFIED = "unverified:"
_BYTECODE = "__pycache__"
_MAKING: tuple[EventKind, ...] = ("version_created", "manifest_amended")


def fetch(place: Place, target: Path, on_progress: OnProgress | None = None) -> Path:
    """The version's file or folder at that place, as `target`: downloaded, compared, and without what isn't its."""
    found = place.registered
    assert found is not None
    below = _below(place)
    if not below and not place.blobs.entries(place.path):
        raise found.gone()
    local = download(place.blobs, place.path, target, on_progress)
    records = records_below(found, below)
    if records is not None:
        _remove_others(local, records)
        verify(found, local, records)
    if local.is_dir() and (local / FILE_NAME).is_file():
        _write_meta(local, found)
    return local


def local_files(place: Place) -> Path | None:
    """Where the version's files lie, after they were compared; None if that isn't on this machine, or if other files
    lie among them."""
    found = place.registered
    assert found is not None
    if not isinstance(place.blobs, SupportsLocalPath):
        return None
    try:
        path = place.blobs.local_path(place.path)
    except NotFound:
        if _below(place):
            raise
        raise found.gone() from None
    records = records_below(found, _below(place))
    if records is not None:
        if any(_BYTECODE not in each.parts for each in _others(path, records)):
            return None
        verify(found, path, records)
    return path


def check_content(place: Place, content: bytes) -> None:
    """Of one file of a version."""
    found = place.registered
    records = None if found is None else records_below(found, _below(place))
    if found is None or records is None:
        return
    expected = records.get("")
    if expected is not None and hashlib.sha256(content).hexdigest() != expected.sha256:
        manifests.refuse([f"{_below(place)} has changed"], _named(found))


def records_below(found: Registered, path: str) -> dict[str, FileRecord] | None:
    """By path from there, "" for a file itself; None where the registry has no manifest of the version."""
    manifest = found.manifest
    if manifest is None:
        return None
    if not path:
        return dict(manifest.files)
    if path in manifest.files:
        return {"": manifest.files[path]}
    prefix = f"{path}/"
    return {name.removeprefix(prefix): each for name, each in manifest.files.items() if name.startswith(prefix)}


def verify(found: Registered, place: Path, records: Mapping[str, FileRecord]) -> None:
    """Every byte. Corrupt names the files that aren't what the registry has."""
    manifest = VersionManifest(files=dict(records))
    named = _named(found)
    if place.is_dir():
        manifests.verify_folder(place, manifest, of=named)
        return
    expected = records.get("")
    if expected is None:
        manifests.refuse(list(manifests.compare({}, manifest)), named)
    elif hash_file(place) != expected:
        manifests.refuse([f"{place.name} has changed"], named)


def allow_load(found: Registered) -> None:
    """Forbidden where the model's policy says that versions without a signature don't load."""
    with contextlib.suppress(NotSupported, RouteNotFound):  # a server of MLflow's has no policies
        policy.check_load(found.registry, found.version)


def origin_of(found: Registered) -> Origin:
    """Who made the version, as its server authenticated them, and who we are there. Somebody who amended it later
    stands in for its maker, unless they are trusted, too."""
    from headrace.client.rest_store import RestStore  # urllib3: only where a server is

    store = tracking_store(found.registry_uri)
    if not isinstance(store, RestStore) or found.manifest is None:
        return Origin.elsewhere()
    caller = store.caller()
    if caller is None:
        return Origin.elsewhere()
    makers = [event.who for event in _events(found)]
    if not makers or any(not who or who.startswith(_UNVERIFIED) for who in makers):
        return Origin.elsewhere()
    trusted = {caller, *trusted_users()}
    return Origin.remote(next((who for who in makers if who not in trusted), makers[0]), caller)


def _events(found: Registered) -> list[RegistryEvent]:
    """By which the version got its files."""
    version = found.version
    events, token = list[RegistryEvent](), None
    while True:
        page = found.registry.search_history(
            version.name, version=version.version, kinds=_MAKING, max_results=_EVENTS_PAGE, page_token=token
        )
        events += page
        token = page.token
        if token is None:
            return events[::-1]


def _below(place: Place) -> str:
    assert place.registered is not None
    return place.path[len(place.registered.folder) :].lstrip("/")


def _named(found: Registered) -> str:
    return f"Version {found.version.version} of model {found.version.name!r}"


def _others(folder: Path, records: Mapping[str, FileRecord]) -> Iterator[Path]:
    """Files that aren't the version's."""
    for here, folders, files in os.walk(folder):
        for name in [*files, *(name for name in folders if Path(here, name).is_symlink())]:
            place = Path(here, name).relative_to(folder).as_posix()
            if place not in records and place not in manifests.LEFT_OUT:
                yield Path(here, name)


def _remove_others(folder: Path, records: Mapping[str, FileRecord]) -> None:
    for path in list(_others(folder, records)):
        with contextlib.suppress(OSError):
            path.unlink()
            for above in path.relative_to(folder).parents:  # up to the first that holds something else
                (folder / above).rmdir()


def _write_meta(folder: Path, found: Registered) -> None:
    import yaml

    content = yaml.safe_dump(
        {"model_name": found.version.name, "model_version": found.version.version},
        default_flow_style=False,
        allow_unicode=True,
        width=float("inf"),  # names with spaces would go on in another line
    )
    (folder / META_FILE).write_text(content, encoding="utf-8")
