"""A registered model as a bundle: versions, their files as the registry's manifests have them, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from headrace import clock
from headrace.client.artifact_uris import Place
from headrace.client.open import registry_store
from headrace.client.registered import of_version
from headrace.client.temporary import remove, temporary_folder
from headrace.client.uri import shown_uri
from headrace.client.version_checks import META_FILE, fetch
from headrace.entities import ModelVersion, RegisteredModel, RegistryEvent
from headrace.errors import Conflict, NotFound, NotSupported, RouteNotFound
from headrace.packaging.digests import hash_files
from headrace.packaging.manifest import files_of
from headrace.registry.bundle import BundledModel, BundledVersion, BundleWriter, writing_bundle
from headrace.registry.bundle.records import FORMAT, HISTORY_FILE, MODEL_FILE, place_of
from headrace.stores.registry import RegistryStore
from headrace.stores.registry_journal import chained

PROMPT_TAG = "mlflow.prompt.is_prompt"
_EVENTS_PAGE = 10_000

T = TypeVar("T")
OnVersion = Callable[[BundledVersion], None]


def export_model(
    name: str,
    target: Path,
    registry_uri: str,
    tracking_uri: str,
    *,
    files: bool = True,
    replace: bool = False,
    on_version: OnVersion = lambda _: None,
) -> BundledModel:
    """files False: the versions' files stay where they lie. replace: what is at the target may go. on_version: told of
    each when it is in the bundle. Conflict if the model changed meanwhile."""
    registry = registry_store(registry_uri, tracking_uri)
    model = registry.get_registered_model(name)
    history = _of_a_server_of_ours(lambda: _history(registry, name))
    with writing_bundle(target, replace=replace) as writer:
        versions = []
        for version in _versions(registry, model):
            bundled = _bundled(registry, version)
            if files and version.tags.get(PROMPT_TAG) != "true":
                bundled = _with_files(writer, bundled, version, registry_uri, tracking_uri)
            versions.append(bundled)
            on_version(bundled)
        made = BundledModel(
            format=FORMAT,
            name=name,
            exported_ms=clock.now_ms(),
            exported_from=shown_uri(registry_uri),
            description=model.description,
            tags=model.tags,
            aliases=model.aliases,
            policy=_of_a_server_of_ours(lambda: registry.get_policy(name)),
            last_version=max([_highest(model), *(int(event.version or 0) for event in history or ())]),
            versions=versions,
            has_history=history is not None,
        )
        if history is not None:
            writer.add_text(HISTORY_FILE, b"".join(msgspec.json.encode(event) + b"\n" for event in history))
        writer.add_text(MODEL_FILE, msgspec.json.format(msgspec.json.encode(made)))
        if registry.get_registered_model(name).revision != model.revision:
            raise Conflict(f"Model {name!r} was changed while it was exported; export it again.")
    return made


def _of_a_server_of_ours(ask: Callable[[], T]) -> T | None:
    """None from a server that has no such thing, as MLflow's."""
    try:
        return ask()
    except (NotSupported, RouteNotFound):
        return None


def _highest(model: RegisteredModel) -> int:
    return max((int(version.version) for version in model.latest_versions), default=0)


def _versions(registry: RegistryStore, model: RegisteredModel) -> list[ModelVersion]:
    """By number. Those of prompts, too, which searches leave out."""
    found = []
    for number in range(1, _highest(model) + 1):
        try:
            found.append(registry.get_model_version(model.name, str(number)))
        except NotFound:
            continue  # deleted
    return found


def _bundled(registry: RegistryStore, version: ModelVersion) -> BundledVersion:
    name, number = version.name, version.version
    return BundledVersion(
        version=number,
        source=version.source,
        creation_timestamp=version.creation_timestamp,
        description=version.description,
        user_id=version.user_id,
        current_stage=version.current_stage,
        run_id=version.run_id,
        run_link=version.run_link,
        model_id=version.model_id,
        tags=version.tags,
        manifest=_of_a_server_of_ours(lambda: registry.get_version_manifest(name, number)),
        signatures=_of_a_server_of_ours(lambda: registry.get_version_signatures(name, number)) or [],
    )


def _with_files(
    writer: BundleWriter, bundled: BundledVersion, version: ModelVersion, registry_uri: str, tracking_uri: str
) -> BundledVersion:
    folder = temporary_folder()
    try:
        found = of_version(version, tracking_uri, registry_uri)
        local = fetch(Place(blobs=found.blobs, path=found.folder, name="", registered=found), folder / "files")
        (local / META_FILE).unlink(missing_ok=True)
        names = list(files_of(local))
        records = dict(zip(names, hash_files([local / name for name in names]), strict=True))
        with_files = msgspec.structs.replace(bundled, files=records)
        for name in names:
            writer.add(place_of(with_files, name), local / name)
        return with_files
    finally:
        remove(folder)


def _history(registry: RegistryStore, name: str) -> list[RegistryEvent]:
    """Oldest first, of the model that has the name now."""
    events: list[RegistryEvent] = []
    token: str | None = None
    while True:
        page = registry.search_history(name, max_results=_EVENTS_PAGE, page_token=token)
        events += page
        token = page.token
        if token is None:
            return _of_the_last(events[::-1])


def _of_the_last(events: Sequence[RegistryEvent]) -> list[RegistryEvent]:
    """Without the entries of deleted models that had the name before: each entry's chain tells which it follows. All of
    them, should the journal be broken."""
    models: list[list[RegistryEvent]] = []
    for event in events:
        for model in models:
            if event.chain == chained(model[-1].chain, event):
                model.append(event)
                break
        else:
            if event.chain != chained("", event):
                return list(events)
            models.append([event])
    alive = [model for model in models if model[-1].kind != "model_deleted"]
    return alive[-1] if alive else list(events)
