"""A version as the next one of another model. In the same registry its files stay where they are; to another one they
are copied, as a logged model there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from headrace.blobs.transfer import upload
from headrace.client.acts import act
from headrace.client.artifact_roots import root_of_model
from headrace.client.artifact_uris import Place
from headrace.client.open import registry_store, tracking_store
from headrace.client.registered import Registered, registered, version_at
from headrace.client.temporary import remove, temporary_folder
from headrace.client.version_checks import META_FILE, fetch
from headrace.entities import (
    LoggedModel,
    LoggedModelStatus,
    LoggedModelTag,
    ModelVersion,
    ModelVersionTag,
    VersionSignature,
)
from headrace.errors import AlreadyExists, HeadraceError, InvalidValue
from headrace.stores.model_uris import is_models_uri, parse

COPIED_FROM = "headrace.copiedFrom"  # models:/NAME/3 in the registry where it was copied from
EXPERIMENT = "Copied models"


def copy_version(
    uri: str,
    name: str,
    registry_uri: str,
    tracking_uri: str,
    dst_registry_uri: str | None = None,
    comment: str | None = None,
) -> ModelVersion:
    """The model of that name is made if it is missing."""
    address = parse(uri) if is_models_uri(uri) else None
    if address is None or address.model_id or address.path:
        raise InvalidValue("src_model_uri", uri, "a registered version is copied: models:/NAME/3, models:/NAME@ALIAS …")
    if dst_registry_uri is not None and dst_registry_uri != registry_uri:
        return _to_another(registered(address, tracking_uri, registry_uri), name, dst_registry_uri, comment)
    registry = registry_store(registry_uri, tracking_uri)
    version = version_at(address, registry)
    doing = act(comment)
    with suppress(AlreadyExists):
        registry.create_registered_model(name, act=doing)
    return registry.create_model_version(
        name,
        f"models:/{version.name}/{version.version}",
        version.run_id,
        [ModelVersionTag(key, value) for key, value in version.tags.items()],
        version.run_link,
        version.description,
        user_id=doing.who,
        act=doing,
    )


def _to_another(found: Registered, name: str, uri: str, comment: str | None) -> ModelVersion:
    version, doing = found.version, act(comment)
    registry = registry_store(uri, uri)
    folder = temporary_folder()
    try:
        local = fetch(Place(blobs=found.blobs, path=found.folder, name="", registered=found), folder / "model")
        (local / META_FILE).unlink(missing_ok=True)
        logged = logged_copy(local, uri, found.uri)
    finally:
        remove(folder)
    with suppress(AlreadyExists):
        registry.create_registered_model(name, act=doing)
    tags = {**version.tags, COPIED_FROM: found.uri}
    return registry.create_model_version(
        name,
        logged.model_uri,
        None,
        [ModelVersionTag(key, value) for key, value in tags.items()],
        version.run_link,
        version.description,
        logged.model_id,
        manifest=found.manifest,
        signatures=_signatures(found),
        user_id=doing.who,
        act=doing,
    )


def _signatures(found: Registered) -> list[VersionSignature]:
    if found.manifest is None:
        return []
    return found.registry.get_version_signatures(found.version.name, found.version.version)


def logged_copy(local: Path, uri: str, copied_from: str) -> LoggedModel:
    """The files in the store of the other registry. Runs and params stay where they were logged."""
    store = tracking_store(uri)
    experiment = store.ensure_experiment(EXPERIMENT)
    tag = LoggedModelTag(COPIED_FROM, copied_from)
    logged = store.create_logged_model(experiment.experiment_id, None, None, [tag])
    try:
        upload(root_of_model(logged, uri), local)
        return store.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
    except BaseException:
        with suppress(HeadraceError):
            store.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
        raise
