"""Edits of a model's files that registered versions share: each version gets a manifest of the files as they are then,
and its history says so. A version that nobody edits on purpose never changes: whoever names one version, edits that one
only, and is refused where another one has the same files."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress

from headrace.blobs.base import BlobStore, SupportsLocalPath
from headrace.blobs.paths import join_uri
from headrace.client.acts import act
from headrace.client.artifact_uris import Place
from headrace.client.open import is_embedded_store, registry_store, tracking_store
from headrace.client.registered import Registered, of_version
from headrace.client.tags import MLFLOW_MODEL_VERSIONS
from headrace.client.uri import get_tracking_uri, registry_uri_beside
from headrace.entities import FileRecord, ModelVersion
from headrace.errors import HeadraceError, InvalidState, NotFound, NotSupported
from headrace.registry import manifests
from headrace.stores.registry import RegistryStore, versions_matching


def versions_at(
    place: Place, model_id: str | None, run_id: str | None = None, tracking_uri: str | None = None
) -> list[Registered]:
    """The versions whose files lie there and whose manifest the registry has. model_id, run_id: what the model there
    says of itself. InvalidState if the place was named as one version, and there is another."""
    named = place.registered
    if named is not None:
        tracking_uri = named.tracking_uri
    tracking_uri = tracking_uri or get_tracking_uri()
    registry_uri = registry_uri_beside(tracking_uri) if named is None else named.registry_uri
    if place.own and not is_embedded_store(registry_uri):
        return []  # a folder of this machine, which no server's version lies in
    try:
        registry = registry_store(registry_uri, tracking_uri)
        candidates = {} if named is None else {_key(named.version): named.version}
        candidates |= {
            _key(version): version for version in _candidates(place, model_id, run_id, registry, tracking_uri)
        }
    except NotSupported:
        return []
    here = _spot(place.blobs, place.path)
    found = [of_version(version, tracking_uri, registry_uri) for version in candidates.values()]
    found = [each for each in found if _spot(each.blobs, each.folder) == here and each.manifest is not None]
    others = [each.uri for each in found if named is not None and _key(each.version) != _key(named.version)]
    if named is not None and others:
        raise InvalidState(
            message=f"{named.uri} shares its files with {', '.join(others)}, which would change, too. To change all of "
            f"them, amend {f'models:/{model_id}' if model_id else named.location}; to change this one, "
            "amend a copy of the model and register it."
        )
    return found


def amend(
    versions: Sequence[Registered],
    records: Mapping[str, FileRecord],
    removed: Collection[str] = (),
    comment: str | None = None,
) -> None:
    """After the files were written. records: those that are other ones now; removed: those that went."""
    for each in versions:
        assert each.manifest is not None
        each.registry.amend_version_manifest(
            each.version.name,
            each.version.version,
            manifests.amended(each.manifest, records, removed),
            act=act(comment),
            if_digest=each.manifest.digest,
        )


def take_back(versions: Sequence[Registered]) -> None:
    """After the files were put back, since an amendment failed: those that didn't fail before it."""
    for each in versions:
        assert each.manifest is not None
        name, version = each.version.name, each.version.version
        with suppress(HeadraceError):
            if each.registry.get_model_version(name, version).digest != each.manifest.digest:
                doing = act("taken back: another version with the same files couldn't be amended")
                each.registry.amend_version_manifest(name, version, each.manifest, act=doing)


def _candidates(
    place: Place, model_id: str | None, run_id: str | None, registry: RegistryStore, tracking_uri: str
) -> Iterator[ModelVersion]:
    """Those that name the same logged model, run or folder."""
    if model_id:
        with suppress(NotFound):
            tags = tracking_store(tracking_uri).get_logged_model(model_id).tags
            for name, version in _named_in(tags.get(MLFLOW_MODEL_VERSIONS, "[]")):
                with suppress(NotFound):
                    yield registry.get_model_version(name, version)
    if run_id:
        yield from versions_matching(registry, f"run_id = '{run_id}'")
    if place.own and isinstance(place.blobs, SupportsLocalPath):
        path = str(place.blobs.local_path(place.path))
        quote = '"' if "'" in path else "'"
        if quote not in path:
            yield from versions_matching(registry, f"source_path = {quote}{path}{quote}")


def _named_in(text: str) -> Iterator[tuple[str, str]]:
    """Of the tag, which clients may write, too."""
    try:
        listed = json.loads(text)
    except ValueError:
        return
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and {"name", "version"} <= each.keys():
            yield str(each["name"]), str(each["version"])


def _spot(blobs: BlobStore, path: str) -> str:
    """The same for one place, however it was named."""
    if isinstance(blobs, SupportsLocalPath):
        with suppress(NotFound):
            return os.path.realpath(blobs.local_path(path))
    return join_uri(blobs.uri, path)


def _key(version: ModelVersion) -> tuple[str, str]:
    return version.name, version.version
