"""From the files of a model to a version of a registered one: `register_model`, and log_model's
`registered_model_name`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from headrace import clock
from headrace.blobs.paths import join, join_uri, relative, scheme
from headrace.client.acts import act
from headrace.client.artifact_roots import run_root
from headrace.client.artifact_uris import has, run_model
from headrace.client.artifacts import settle
from headrace.client.open import registry_store, tracking_sink, tracking_store
from headrace.client.registered import version_at
from headrace.client.uri import get_tracking_uri, registry_uri_beside
from headrace.client.values import as_key, as_text
from headrace.entities import ModelVersion, ModelVersionTag
from headrace.errors import AlreadyExists, InvalidValue, NotFound, NotSupported, ServiceError, TimedOut
from headrace.stores.model_uris import parse
from headrace.stores.registry import RegistryStore

AWAIT_S = 300
_PENDING, _READY = "PENDING_REGISTRATION", "READY"
_POLL_S = 1.0
_MLMODEL = "MLmodel"


class RegistrationFailed(ServiceError):
    """The registry took the version and couldn't make it."""


def until_ready(registry: RegistryStore, version: ModelVersion, await_s: float | None) -> ModelVersion:
    """Waits while it is pending, at most so long; None or 0 doesn't wait. Ours are ready at once."""
    if not await_s or await_s <= 0 or version.status == _READY:
        return version
    deadline_s = clock.monotonic_s() + await_s
    while version.status == _PENDING:
        if clock.monotonic_s() > deadline_s:
            raise TimedOut(
                f"Version {version.version} of model {version.name!r} isn't ready after {await_s} s; it may still "
                "become so. Ask for longer by await_creation_for or await_registration_for."
            )
        clock.sleep_s(_POLL_S)
        version = registry.get_model_version(version.name, version.version)
    if version.status != _READY:
        raise RegistrationFailed(
            f"Version {version.version} of model {version.name!r} has the status {version.status}: "
            f"{version.status_message or 'the registry gives no reason'}."
        )
    return version


def register(
    model_uri: str,
    name: str,
    await_s: float | None = AWAIT_S,
    tags: Mapping[str, Any] | None = None,
    comment: str | None = None,
    tracking_uri: str | None = None,
) -> ModelVersion:
    """The next version of the model of that name, which is made if it is missing."""
    tracking_uri = tracking_uri or get_tracking_uri()
    registry = registry_store(registry_uri_beside(tracking_uri), tracking_uri)
    source, run_id, model_id = _origin(str(model_uri), tracking_uri, registry)
    entries = [ModelVersionTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()]
    doing = act(comment)
    with suppress(AlreadyExists):
        registry.create_registered_model(name, act=doing)
    made = registry.create_model_version(name, source, run_id, entries, model_id=model_id, user_id=doing.who, act=doing)
    return until_ready(registry, made, await_s)


def _origin(uri: str, tracking_uri: str, registry: RegistryStore) -> tuple[str, str | None, str | None]:
    """Source, run and logged model of what an address names, as MLflow's clients send them."""
    kind = scheme(uri)
    if kind == "runs":
        return _of_run(uri, tracking_uri)
    if kind == "models":
        address = parse(uri)
        if address.path:
            raise InvalidValue("model_uri", uri, "a whole model is registered, not a path in its folder.")
        if address.model_id:
            return uri, None, address.model_id
        version = version_at(address, registry)
        return f"models:/{version.name}/{version.version}", version.run_id or None, version.model_id
    if kind == "":
        return _folder(uri, tracking_uri), None, None
    return uri, None, None


def _of_run(uri: str, tracking_uri: str) -> tuple[str, str | None, str | None]:
    run_id, _, path = uri.partition(":")[2].lstrip("/").partition("/")
    clean = relative(path)
    if not run_id or not clean:
        raise InvalidValue("model_uri", uri, "a model of a run is named by runs:/RUN_ID/path.")
    settle(tracking_uri, run_id)
    tracking_sink(tracking_uri).flush()
    if has(run_root(run_id, tracking_uri), join(clean, _MLMODEL)):
        run = tracking_store(tracking_uri).get_run(run_id)
        return join_uri(run.info.artifact_uri, clean), run_id, None
    found = run_model(run_id, clean, tracking_uri)
    if found is None or found[1] != clean:
        raise NotFound(
            "model",
            uri,
            by="address",
            hint="The run has neither a folder with an MLmodel file there, nor a logged model of that name; "
            "models:/m-… names a logged model by its id.",
        )
    return f"models:/{found[0].model_id}", run_id, found[0].model_id


def _folder(path: str, tracking_uri: str) -> str:
    """A folder of this machine: for a store of this machine, which leaves it where it is."""
    folder = Path(path).expanduser().absolute()
    if not (folder / _MLMODEL).is_file():
        raise NotFound("MLmodel file", str(folder / _MLMODEL), by="path", hint="A model's folder holds one.")
    if scheme(tracking_uri) in ("http", "https"):
        raise NotSupported(
            f"{path!r} lies on this machine, where the server at {tracking_uri} can't read it; log the model by "
            "log_model(…, registered_model_name=…), or copy the folder to where the server keeps artifacts."
        )
    return str(folder)
