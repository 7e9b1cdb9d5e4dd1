"""`log_model` of every flavor: a model folder becomes a logged model of the store.

The folder is written whole first, with the example tried, before the store hears of it; a model that can't be written
leaves nothing. Then the logged model is made (PENDING), the files go to its place, and it is READY; what fails between
leaves it FAILED. Where the store's artifacts lie on this machine, the folder is written beside its place and renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from headrace.blobs.base import BlobStore, SupportsAdopt
from headrace.blobs.paths import scheme
from headrace.blobs.transfer import upload
from headrace.client.active_model import get_active_model_id
from headrace.client.active_run import active_run, active_uri, remember_model
from headrace.client.artifact_roots import blobs_at, root_of_model
from headrace.client.context import resolve_tags
from headrace.client.experiments import current_experiment_id
from headrace.client.logged_models import remember_last
from headrace.client.open import tracking_sink, tracking_store
from headrace.client.registration import register
from headrace.client.temporary import remove, temporary_folder
from headrace.client.training_data import opened
from headrace.client.uri import get_tracking_uri
from headrace.client.values import as_key, as_text
from headrace.entities import (
    LoggedModel,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Run,
)
from headrace.errors import HeadraceError, InvalidValue
from headrace.packaging.info import ModelInfo, info_of
from headrace.packaging.save import Common, Written, finish
from headrace.stores.base import TrackingStore
from headrace.stores.run_models import FOLDER_TAG

EXAMPLE_TAG = "headrace.inputExample"  # "fails: TypeError" on models that couldn't predict on their own example

Write = Callable[[Path, Common], Written]


@dataclass(frozen=True, kw_only=True)
class Logging:
    """What every log_model takes beside what save_model does, by MLflow's names."""

    name: str | None = None
    artifact_path: str | None = None
    registered_model_name: str | None = None
    await_registration_for: int | None = 300
    run_id: str | None = None
    params: Mapping[str, Any] | None = None
    tags: Mapping[str, Any] | None = None
    model_type: str | None = None
    step: int = 0
    model_id: str | None = None

    def __post_init__(self) -> None:
        if self.name is not None and self.artifact_path is not None:
            raise InvalidValue("artifact_path", self.artifact_path, "give name or artifact_path, not both.")
        for field, text in (("name", self.name), ("artifact_path", self.artifact_path)):
            if not isinstance(text, str | None):
                raise InvalidValue(field, text, "a model's name is text.")
        for field, pairs in (("tags", self.tags), ("params", self.params)):
            if not isinstance(pairs, Mapping | None):
                raise InvalidValue(field, pairs, "a dict of name and value is expected.")


def log(write: Write, common: Common, given: Logging) -> ModelInfo:
    place = _Place.of(given)
    with _stage(place) as folder:
        written = write(folder, opened(common, place.run_id))
        logged = place.create(given, written)
        try:
            model = written.draft.model
            model.model_id = model.model_uuid = logged.model_id
            model.run_id = place.run_id
            # Where a local store lies on this machine is nobody's business; the name is what MLflow 2 wrote there.
            local = scheme(logged.artifact_location) in ("", "file")
            model.artifact_path = logged.name if local else logged.artifact_location
            finish(written)
            _hand_over(folder, logged, place.tracking_uri)
            place.tie_to_run(logged, given.step)
            logged = place.store.finalize_logged_model(logged.model_id, LoggedModelStatus.READY)
        except BaseException:
            with suppress(HeadraceError):  # a store that is gone leaves it PENDING, and mustn't hide what went wrong
                place.store.finalize_logged_model(logged.model_id, LoggedModelStatus.FAILED)
            raise
    registered = None
    if given.registered_model_name:
        registered = register(
            logged.model_uri,
            given.registered_model_name,
            given.await_registration_for,
            given.tags,
            tracking_uri=place.tracking_uri,
        )
    info = info_of(model, logged.model_uri, place.store.get_logged_model(logged.model_id))
    return info if registered is None else replace(info, registered_model_version=registered.version)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the model goes: store, experiment, and the run that made it, if any."""

    tracking_uri: str
    store: TrackingStore
    experiment_id: str
    run: Run | None
    existing: LoggedModel | None

    @classmethod
    def of(cls, given: Logging) -> _Place:
        open_run = active_run()
        uri = (active_uri() if open_run is not None else None) or get_tracking_uri()
        store = tracking_store(uri)
        run: Run | None = open_run
        if given.run_id is not None:
            run = store.get_run(given.run_id)
        model_id = given.model_id or get_active_model_id()
        existing = None if model_id is None else store.get_logged_model(model_id)
        if given.model_id is None and existing is not None and existing.status != LoggedModelStatus.PENDING:
            existing = None  # the active model has its files; only one that waits for some is logged into unasked
        if existing is not None:
            experiment = existing.experiment_id
        else:
            experiment = run.info.experiment_id if run is not None else current_experiment_id()
        return cls(tracking_uri=uri, store=store, experiment_id=experiment, run=run, existing=existing)

    @property
    def run_id(self) -> str | None:
        if self.run is not None:
            return self.run.info.run_id
        return self.existing.source_run_id if self.existing else None

    def create(self, given: Logging, written: Written) -> LoggedModel:
        tags = dict(given.tags or {})
        folder = str(given.artifact_path or "").strip("/")
        if "/" in folder:
            tags[FOLDER_TAG] = folder
        if written.example_error is not None:
            tags[EXAMPLE_TAG] = f"fails: {type(written.example_error).__name__}"
        if self.existing is not None:
            if tags:
                self.store.set_logged_model_tags(self.existing.model_id, _tags(tags))
            if given.params:
                self.store.log_logged_model_params(self.existing.model_id, _params(given.params))
            return self.existing
        of_run = self.store.get_run(self.run_id).data.params if self.run_id else {}
        made = self.store.create_logged_model(
            self.experiment_id,
            _name(given),
            self.run_id,
            _tags({**resolve_tags(), **tags}),
            _params({**of_run, **(given.params or {})}),
            given.model_type,
        )
        remember_last(made.model_id)
        return made

    def tie_to_run(self, logged: LoggedModel, step: int) -> None:
        """The run says that it made the model; the metrics that it logged at this step are the model's, too."""
        if self.run_id is None:
            return
        sink = tracking_sink(self.tracking_uri)
        sink.flush()
        sink.log_outputs(self.run_id, [LoggedModelOutput(logged.model_id, step)])
        remember_model(self.run_id, step, logged.model_id)
        metrics = [
            msgspec.structs.replace(point, model_id=logged.model_id)
            for latest in self.store.get_run(self.run_id).data.latest
            if (point := self._at_step(latest, step)) is not None
        ]
        if metrics:
            sink.log_batch(self.run_id, metrics=metrics)

    def _at_step(self, latest: Metric, step: int) -> Metric | None:
        if latest.step <= step:
            return latest if latest.step == step else None
        assert self.run_id is not None
        token: str | None = None
        found = None
        while True:
            page = self.store.get_metric_history(self.run_id, latest.key, None, token)
            for point in page:
                if point.step == step:
                    found = point
            token = page.token
            if token is None:
                return found


def _name(given: Logging) -> str | None:
    """MLflow 2 named a folder of the run; only its last part can be a logged model's name."""
    if given.artifact_path is not None:
        return str(given.artifact_path).strip("/").rpartition("/")[2] or None
    return given.name


def _tags(tags: Mapping[str, Any]) -> list[LoggedModelTag]:
    return [LoggedModelTag(as_key("tag name", key), as_text(value)) for key, value in tags.items()]


def _params(params: Mapping[str, Any]) -> list[LoggedModelParameter]:
    return [LoggedModelParameter(as_key("param name", key), as_text(value)) for key, value in params.items()]


@contextmanager
def _stage(place: _Place) -> Iterator[Path]:
    """An empty folder to write in: on the disk where the model will be, if that is one of this machine."""
    location = place.store.get_experiment(place.experiment_id).artifact_location
    near: BlobStore = blobs_at(location, place.tracking_uri)
    folder = near.scratch() if isinstance(near, SupportsAdopt) else temporary_folder()
    try:
        yield folder
    finally:
        remove(folder)


def _hand_over(folder: Path, logged: LoggedModel, tracking_uri: str) -> None:
    root = root_of_model(logged, tracking_uri)
    if isinstance(root, SupportsAdopt):
        root.adopt(folder)
    else:
        upload(root, folder)
