"""The fluent calls that write to the open run, or to run_id where a call takes one; they start a run if none is open.

A value that can't be logged raises at once. synchronous=False returns a `RunOperations` instead of waiting.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from headrace import clock, settings
from headrace.client import async_log
from headrace.client.active_model import models_for_metric
from headrace.client.active_run import active_run, active_uri
from headrace.client.async_log import JournalOperations, RunOperations
from headrace.client.context import user_name
from headrace.client.open import tracking_sink
from headrace.client.runs import current_run
from headrace.client.sink import Sink, check_batch, check_points
from headrace.client.tags import MLFLOW_DATASET_CONTEXT
from headrace.client.training_data import remember
from headrace.client.values import as_integer, as_key, as_number, as_text
from headrace.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Param,
    RunTag,
)
from headrace.entities.journal import ParamCorrected, PointsLogged
from headrace.errors import InvalidValue


@runtime_checkable
class DatasetLike(Protocol):
    """A dataset of `headrace.data`: it knows the record that stands for it."""

    def to_entity(self) -> Dataset: ...


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """The value itself, or a RunOperations."""
    operations = _write(None, synchronous, params=[Param(as_key("param name", key), as_text(value))])
    return value if operations is None else operations


def log_params(
    params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    entries = [Param(as_key("param name", key), as_text(value)) for key, value in params.items()]
    return _write(run_id, synchronous, params=entries)


def correct_param(key: str, value: Any, reason: str = "", run_id: str | None = None) -> None:
    """Gives a param that is there another value; the store keeps the old one, with who, when and the reason. Returns
    when the store has it, or can't be reached. NotFound for a param that isn't there."""
    target, sink = _target(run_id)
    name = as_key("param name", key)
    sink.amend(ParamCorrected(target, name, as_text(value), clock.now_ms(), user_name(), as_text(reason)))


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """value: a number of any array library. timestamp: ms since the epoch, now if None. step: 0 if None."""
    return log_metrics({key: value}, step, synchronous, run_id, timestamp, model_id, dataset)


def log_metrics(
    metrics: Mapping[str, Any],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """All with one timestamp. Without model_id they also are the active model's, or those of the models that this
    process logged into the run at this step."""
    at = clock.now_ms() if timestamp is None else as_integer("timestamp", timestamp)
    position = 0 if step is None else as_integer("step", step)
    keys = tuple([as_key("metric name", key) for key in metrics])
    values = tuple([as_number(key, value) for key, value in metrics.items()])
    record = None if dataset is None else dataset_entity(dataset)
    name, digest = (None, None) if record is None else (record.name, record.digest)
    models = [model_id] if model_id else models_for_metric(run_id, position)
    target, sink = _target(run_id)
    points = [PointsLogged(target, keys, values, position, at, model, name, digest) for model in models]
    for each in points:
        check_points(each)
    return _through(sink, target, synchronous, partial(_log_points, sink, points))


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    return set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    entries = [RunTag(as_key("tag name", key), as_text(value)) for key, value in tags.items()]
    return _write(None, synchronous, tags=entries)


def delete_tag(key: str) -> None:
    run_id, sink = _target(None)
    sink.delete_tag(run_id, key)


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: LoggedModelInput | None = None,
) -> None:
    """dataset: of `headrace.data`, or its record. context: what it was read for, "training" say."""
    log_inputs([dataset], [context], [tags], [model])


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[LoggedModelInput | None] | None = None,
) -> None:
    """The n-th of contexts and tags_list belong to the n-th dataset."""
    count = len(datasets or ())
    for field, given in (("contexts", contexts), ("tags_list", tags_list)):
        if given is not None and len(given) != count:
            raise InvalidValue(field, len(given), f"one for each of the {count} datasets is needed.")
    inputs = [
        dataset_input(dataset, contexts[i] if contexts else None, tags_list[i] if tags_list else None)
        for i, dataset in enumerate(datasets or ())
        if dataset is not None
    ]
    run_id, sink = _target(None)
    sink.log_inputs(run_id, inputs, [model for model in models or () if model is not None])
    for i, dataset in enumerate(datasets or ()):
        remember(run_id, dataset, contexts[i] if contexts else None)


def log_outputs(models: Sequence[LoggedModelOutput] | None = None) -> None:
    run_id, sink = _target(None)
    sink.log_outputs(run_id, list(models or ()))


def dataset_input(dataset: Any, context: str | None = None, tags: Mapping[str, str] | None = None) -> DatasetInput:
    entries = [InputTag(str(key), str(value)) for key, value in (tags or {}).items()]
    if context:
        entries.append(InputTag(MLFLOW_DATASET_CONTEXT, context))
    return DatasetInput(dataset_entity(dataset), entries)


def dataset_entity(dataset: Any) -> Dataset:
    if isinstance(dataset, Dataset):
        return dataset
    if isinstance(dataset, DatasetLike):
        return dataset.to_entity()
    raise InvalidValue("dataset", dataset, "a dataset of headrace.data (from_numpy, from_pandas, …) is needed.")


def enable_async_logging(enable: bool = True) -> None:
    """Whether log calls that don't say `synchronous` themselves wait for the store; children of this process too."""
    os.environ[settings.ENABLE_ASYNC_LOGGING.names[0]] = "true" if enable else "false"


def wants_async(synchronous: bool | None) -> bool:
    return settings.ENABLE_ASYNC_LOGGING.get() if synchronous is None else not synchronous


def written(run_id: str, synchronous: bool | None, write: Callable[[], None]) -> RunOperations | None:
    """Does the write now, or behind those of the same run that wait."""
    if wants_async(synchronous):
        return async_log.submit(run_id, write)
    write()
    return None


def _through(sink: Sink, run_id: str, synchronous: bool | None, write: Callable[[], None]) -> RunOperations | None:
    """As `written`; a sink that doesn't make wait needs no other thread."""
    if sink.waits:
        return written(run_id, synchronous, write)
    before = sink.last_id
    write()
    return JournalOperations(sink, run_id, before, sink.last_id) if wants_async(synchronous) else None


def _log_points(sink: Sink, points: Sequence[PointsLogged]) -> None:
    for each in points:
        sink.log_points(each)


def _write(
    run_id: str | None, synchronous: bool | None, params: Sequence[Param] = (), tags: Sequence[RunTag] = ()
) -> RunOperations | None:
    target, sink = _target(run_id)
    if wants_async(synchronous):
        check_batch(target, (), params, tags)
    return _through(sink, target, synchronous, lambda: sink.log_batch(target, params=params, tags=tags))


def _target(run_id: str | None) -> tuple[str, Sink]:
    """The run to write to, and the sink of the store that it is in."""
    run = active_run()
    if run_id is not None and (run is None or run.info.run_id != run_id):
        return run_id, tracking_sink()
    run = run or current_run()
    sink = tracking_sink(active_uri())
    sink.begin(run)
    return run.info.run_id, sink
