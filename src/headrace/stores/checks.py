"""What every store checks before it writes: values in, checked values out, InvalidValue for what isn't allowed.

Pure functions; what needs stored data (is the name taken, is the param there) is the store's own.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from headrace import clock
from headrace.entities import (
    DatasetFilter,
    DatasetInput,
    ExperimentTag,
    LifecycleStage,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Role,
    RunStatus,
    RunTag,
    limits,
)
from headrace.errors import IntegrityViolation, InvalidState, InvalidValue, MissingValue, shown
from headrace.query import clamped
from headrace.query.dialects import RUN_NAME_TAG

NO_EXPERIMENT = -1
MAX_DATASET_EXPERIMENTS = 20
MAX_DATASET_SUMMARIES = 1000
MAX_MODEL_NAME_CHARS = 500
MAX_USER_CHARS = 256
MAX_GROUP_KEYS = 20

_DECIMAL = re.compile(r"-?[0-9]+")
_MODEL_NAME_EXCLUDES = "/:.%\"'"


class KeyValue(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...


class Batch(msgspec.Struct, frozen=True):
    """Checked and normalised: long values cut, infinities clamped, a repeated tag key resolved to its last value.

    name: the run's new name, if tag mlflow.runName is in it; that tag is in `tags` too. An empty name tag is dropped.
    """

    metrics: list[Metric]
    params: dict[str, str]
    tags: dict[str, str]
    name: str | None = None


def batch(metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> Batch:
    """Nothing of a batch that breaks a limit may be written, so all of it is checked first."""
    for field, count, most in (
        ("metrics", len(metrics), limits.MAX_METRICS_PER_BATCH),
        ("params", len(params), limits.MAX_PARAMS_PER_BATCH),
        ("tags", len(tags), limits.MAX_TAGS_PER_BATCH),
        ("items", len(metrics) + len(params) + len(tags), limits.MAX_ITEMS_PER_BATCH),
    ):
        if count > most:
            raise InvalidValue(field, count, message=f"A batch may hold at most {most} {field}; this one has {count}.")
    checked_params: dict[str, str] = {}
    for i, param in enumerate(params):
        limits.check_key(f"params[{i}].key", param.key)
        if param.key in checked_params:
            raise InvalidValue(f"params[{i}].key", param.key, "a batch may name a param only once.")
        checked_params[param.key] = limits.kept_value(f"params[{i}].value", param.value, limits.MAX_PARAM_VALUE_CHARS)
    checked_tags: dict[str, str] = {}
    for i, tag in enumerate(tags):
        limits.check_key(f"tags[{i}].key", tag.key)
        value = limits.kept_value(f"tags[{i}].value", tag.value, limits.MAX_RUN_TAG_VALUE_CHARS)
        checked_tags[tag.key] = value
    name = checked_tags.get(RUN_NAME_TAG) or None
    if name is None:
        checked_tags.pop(RUN_NAME_TAG, None)
    if _are_plain(metrics):
        kept = list(metrics)
    else:
        kept = [m if _is_plain(m) else metric(f"metrics[{i}]", m) for i, m in enumerate(metrics)]
    return Batch(kept, checked_params, checked_tags, name)


def _are_plain(points: Sequence[Metric]) -> bool:
    """True: `_is_plain` holds for each, which is asked at a third of the time. False: it may all the same."""
    values = [point.value for point in points]
    times = [point.timestamp for point in points]
    steps = [point.step for point in points]
    return (
        len(points) > 1
        and {*map(type, values)} == {float}
        and math.isfinite(sum(values))
        and min(times) >= 0
        and max(times) <= limits.INT64_MAX
        and min(steps) >= limits.INT64_MIN
        and max(steps) <= limits.INT64_MAX
        and all(point.model_id is point.dataset_name is point.dataset_digest is None for point in points)
        and all(map(limits.is_key, [point.key for point in points]))
    )


def _is_plain(point: Metric) -> bool:
    """True: `metric` returns it as it is. Nearly all points pass here, at a third of the time."""
    value = point.value
    return (
        type(value) is float
        and (-sys.float_info.max <= value <= sys.float_info.max or math.isnan(value))
        and 0 <= point.timestamp <= limits.INT64_MAX
        and limits.INT64_MIN <= point.step <= limits.INT64_MAX
        and point.model_id is None
        and point.dataset_name is None
        and point.dataset_digest is None
        and limits.is_key(point.key)
    )


def metric(field: str, point: Metric) -> Metric:
    """With a float value, infinities as the largest floats (so do all reads return them)."""
    limits.check_key(f"{field}.key", point.key)
    try:
        value = float(point.value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(f"{field}.value", point.value, "a number that fits a double is needed.") from None
    limits.check_int64(f"{field}.timestamp", point.timestamp)
    if point.timestamp < 0:
        raise InvalidValue(f"{field}.timestamp", point.timestamp, "milliseconds since 1970 are needed, 0 or more.")
    limits.check_int64(f"{field}.step", point.step)
    if point.model_id is None and point.dataset_name is None and point.dataset_digest is None:
        if type(point.value) is float and not math.isinf(value):
            return point
        return Metric(point.key, clamped(value), point.timestamp, point.step)
    for part, text, most in (
        ("model_id", point.model_id, limits.MAX_KEY_CHARS),
        ("dataset_name", point.dataset_name, limits.MAX_DATASET_NAME_CHARS),
        ("dataset_digest", point.dataset_digest, limits.MAX_DATASET_DIGEST_CHARS),
    ):
        if text is not None:
            limits.check_text(f"{field}.{part}", text)
            limits.check_length(f"{field}.{part}", text, most)
    if bool(point.dataset_name) != bool(point.dataset_digest):
        given, other = ("name", "digest") if point.dataset_name else ("digest", "name")
        raise InvalidValue(
            f"{field}.dataset_{other}",
            getattr(point, f"dataset_{other}"),
            f"it is needed where dataset_{given} is given: a dataset is named by both.",
        )
    return Metric(
        point.key,
        clamped(value),
        point.timestamp,
        point.step,
        model_id=point.model_id or None,
        dataset_name=point.dataset_name or None,
        dataset_digest=point.dataset_digest or None,
    )


def param_conflict(run_id: str, key: str, old: str, new: str) -> InvalidValue:
    return InvalidValue(
        "params",
        new,
        message=f"Param {shown(key)} of run {run_id!r} is already {shown(old)} and can't be changed to {shown(new)}: "
        "params are written once. Use another key, another run or a tag, or, if it was wrong, correct_param.",
    )


def run_name_and_tags(run_name: str | None, tags: Iterable[RunTag]) -> tuple[str, dict[str, str]]:
    """(name, tags with mlflow.runName) of a new run, whose tags are held to storage's limits only."""
    kept = _unique("run tag", tags)
    for key, value in kept.items():
        limits.check_text("tags.key", key)
        limits.check_length("tags.key", key, limits.MAX_KEY_CHARS)
        limits.check_text("tags.value", value)
    tagged = kept_run_name(kept.get(RUN_NAME_TAG))
    name = kept_run_name(run_name)
    if name and tagged and name != tagged:
        raise InvalidValue(
            "run_name",
            run_name,
            f"tag {RUN_NAME_TAG} says {shown(tagged)}; give the name once, or the same one twice.",
        )
    name = name or tagged or clock.random_name()
    return name, kept | {RUN_NAME_TAG: name}


def kept_run_name(run_name: str | None) -> str | None:
    """None for an empty name, which changes nothing."""
    return limits.kept_value("run_name", run_name, limits.MAX_RUN_TAG_VALUE_CHARS) if run_name else None


def user_id(value: str) -> str:
    limits.check_text("user_id", value)
    limits.check_length("user_id", value, MAX_USER_CHARS)
    return value


def run_status(status: str | None) -> str | None:
    if status is not None and status not in RunStatus.__members__:
        raise InvalidValue("status", status, f"allowed are {', '.join(RunStatus.__members__)}.")
    return status


def milliseconds(field: str, value: int) -> int:
    limits.check_int64(field, value)
    return value


def active_run(run_id: str, lifecycle_stage: str) -> None:
    if lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(
            "run_id",
            run_id,
            message=f"Run {run_id!r} is {lifecycle_stage}, but must be in the 'active' state to be written; "
            "restore it first.",
        )


def active_experiment(experiment_id: str, lifecycle_stage: str) -> None:
    if lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(
            "experiment_id",
            experiment_id,
            message=f"Experiment {experiment_id!r} is {lifecycle_stage}, but must be in the 'active' state for this; "
            "restore it first.",
        )


def experiment_number(experiment_id: str) -> int:
    """The id as an integer; NO_EXPERIMENT where no experiment can have it. InvalidValue unless it is decimal digits."""
    if not experiment_id:
        raise MissingValue("experiment_id")
    if not _DECIMAL.fullmatch(experiment_id):
        raise InvalidValue("experiment_id", experiment_id, "an experiment id is a decimal integer.")
    number = int(experiment_id) if len(experiment_id) <= len(str(limits.INT64_MAX)) else NO_EXPERIMENT
    return number if 0 <= number <= limits.INT64_MAX else NO_EXPERIMENT


def experiment_name(name: str) -> str:
    if not name:
        raise MissingValue("name")
    limits.check_text("name", name)
    limits.check_length("name", name, limits.MAX_EXPERIMENT_NAME_CHARS)
    return name


def experiment_tag(key: str, value: str) -> None:
    limits.check_key("key", key)
    limits.check_text("value", value)
    limits.check_length("value", value, limits.MAX_EXPERIMENT_TAG_VALUE_CHARS)


def experiment_tags(tags: Iterable[ExperimentTag]) -> dict[str, str]:
    kept = _unique("experiment tag", tags)
    for key, value in kept.items():
        experiment_tag(key, value)
    return kept


def dataset_inputs(datasets: Sequence[DatasetInput]) -> list[DatasetInput]:
    """Those that stay: of repeats (name, digest) the first."""
    kept: dict[tuple[str, str], DatasetInput] = {}
    for i, each in enumerate(datasets):
        _dataset_input(f"datasets[{i}]", each)
        kept.setdefault((each.dataset.name, each.dataset.digest), each)
    return list(kept.values())


def _dataset_input(field: str, each: DatasetInput) -> None:
    dataset = each.dataset
    for part, text, most in (
        ("name", dataset.name, limits.MAX_DATASET_NAME_CHARS),
        ("digest", dataset.digest, limits.MAX_DATASET_DIGEST_CHARS),
        ("source_type", dataset.source_type, limits.MAX_KEY_CHARS),
        ("source", dataset.source, limits.MAX_DATASET_SOURCE_CHARS),
        ("schema", dataset.schema, limits.MAX_DATASET_SCHEMA_CHARS),
        ("profile", dataset.profile, limits.MAX_DATASET_PROFILE_CHARS),
    ):
        if text is None:
            continue
        if not text and part in ("name", "digest", "source_type", "source"):
            raise MissingValue(f"{field}.dataset.{part}")
        limits.check_text(f"{field}.dataset.{part}", text)
        limits.check_length(f"{field}.dataset.{part}", text, most)
    for key, value in _unique("dataset tag", each.tags).items():
        if not key:
            raise MissingValue(f"{field}.tags.key")
        limits.check_text(f"{field}.tags.key", key)
        limits.check_length(f"{field}.tags.key", key, limits.MAX_INPUT_TAG_KEY_CHARS)
        limits.check_text(f"{field}.tags.value", value)
        limits.check_length(f"{field}.tags.value", value, limits.MAX_INPUT_TAG_VALUE_CHARS)


def dataset_experiments(experiment_ids: Sequence[str]) -> list[int]:
    if not 1 <= len(experiment_ids) <= MAX_DATASET_EXPERIMENTS:
        raise InvalidValue("experiment_ids", len(experiment_ids), f"1 to {MAX_DATASET_EXPERIMENTS} ids are needed.")
    return [experiment_number(each) for each in experiment_ids]


def model_inputs(models: Sequence[LoggedModelInput]) -> list[str]:
    """The distinct ids, in order."""
    for each in models:
        if not each.model_id:
            raise MissingValue("models.model_id")
        limits.check_text("models.model_id", each.model_id)
    return list(dict.fromkeys(each.model_id for each in models))


def model_outputs(models: Sequence[LoggedModelOutput]) -> None:
    for each in models:
        if not each.model_id:
            raise MissingValue("models.model_id")
        limits.check_text("models.model_id", each.model_id)
        limits.check_int64("models.step", each.step)


def model_name(name: str | None) -> str:
    """A random one if none is given."""
    if not name:
        return clock.random_name()
    limits.check_text("name", name)
    limits.check_length("name", name, MAX_MODEL_NAME_CHARS)
    if any(char in name for char in _MODEL_NAME_EXCLUDES):
        raise InvalidValue("name", name, f"a model's name may not hold any of {' '.join(_MODEL_NAME_EXCLUDES)}")
    return name


def model_type(value: str | None) -> str | None:
    if value:
        limits.check_text("model_type", value)
        limits.check_length("model_type", value, MAX_MODEL_NAME_CHARS)
    return value or None


def source_run_id(value: str | None) -> str | None:
    """Any text: the run may be in another store."""
    if value:
        limits.check_text("source_run_id", value)
        limits.check_length("source_run_id", value, limits.MAX_KEY_CHARS)
    return value or None


def dataset_filters(datasets: Sequence[DatasetFilter]) -> None:
    for i, each in enumerate(datasets):
        if not each.dataset_name:
            raise MissingValue(f"datasets[{i}].dataset_name")
        limits.check_text(f"datasets[{i}].dataset_name", each.dataset_name)
        limits.check_text(f"datasets[{i}].dataset_digest", each.dataset_digest or "")


def model_entries(noun: str, entries: Iterable[KeyValue], *, repeats: bool = False) -> dict[str, str]:
    """Params or tags of a logged model. repeats: the last of a key wins, instead of IntegrityViolation."""
    listed = list(entries)
    kept = {each.key: each.value for each in listed} if repeats else _unique(noun, listed)
    for key, value in kept.items():
        if not key:
            raise MissingValue(f"{noun}.key")
        limits.check_text(f"{noun}.key", key)
        limits.check_length(f"{noun}.key", key, limits.MAX_KEY_CHARS)
        limits.check_text(f"{noun}.value", value)
    return kept


def final_status(status: LoggedModelStatus) -> LoggedModelStatus:
    if status is LoggedModelStatus.UNSPECIFIED:
        raise InvalidValue("status", status.wire_name, "allowed are LOGGED_MODEL_READY and LOGGED_MODEL_UPLOAD_FAILED.")
    return status


def recorded_model(model_json: str) -> dict[str, object]:
    """The JSON object that MLflow 2's log-model sends."""
    limits.check_text("model_json", model_json)
    try:
        model = msgspec.json.decode(model_json)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue("model_json", model_json, f"JSON is needed ({error}).") from None
    if not isinstance(model, dict):
        raise InvalidValue("model_json", model_json, "a JSON object is needed.")
    for part in ("artifact_path", "flavors", "utc_time_created", "run_id"):
        if part not in model:
            raise InvalidValue("model_json", model_json, f"its field {part!r} is missing.")
    return model


def group_keys(group_by: Sequence[str]) -> list[tuple[Literal["param", "tag"], str]]:
    """(entity, key) of "params.KEY" and "tags.KEY"."""
    if len(group_by) > MAX_GROUP_KEYS:
        raise InvalidValue("group_by", len(group_by), f"at most {MAX_GROUP_KEYS} keys are allowed.")
    found: list[tuple[Literal["param", "tag"], str]] = []
    for each in group_by:
        limits.check_text("group_by", each)
        prefix, _, key = each.partition(".")
        if prefix not in ("params", "tags") or not key:
            raise InvalidValue("group_by", each, "allowed are params.KEY and tags.KEY.")
        found.append(("param" if prefix == "params" else "tag", key))
    return found


def username(value: str) -> str:
    if not value:
        raise MissingValue("username")
    limits.check_text("username", value)
    limits.check_length("username", value, MAX_USER_CHARS)
    if ":" in value:
        raise InvalidValue("username", value, "a colon (:) can't be in it: basic authentication ends the name there.")
    return value


def role(value: Role) -> Role:
    if value not in get_args(Role):
        raise InvalidValue("role", value, f"allowed are {', '.join(get_args(Role))}.")
    return value


def _unique(noun: str, entries: Iterable[KeyValue]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for each in entries:
        if each.key in kept:
            raise IntegrityViolation(f"The {noun} key {shown(each.key)} is given twice; give each key once.")
        kept[each.key] = each.value
    return kept
