"""Runs and logged models as a table of whichever library the caller has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from typing import Any

from headrace.entities import LoggedModel, Run
from headrace.errors import InvalidValue
from headrace.lazy import optional_import

FORMATS = ("pandas", "polars", "list")
_ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
_MODEL_ATTRIBUTES = (
    "experiment_id",
    "model_id",
    "name",
    "artifact_location",
    "creation_timestamp",
    "last_updated_timestamp",
    "model_type",
    "source_run_id",
    "status",
    "status_message",
)


def check_format(output_format: str | None) -> None:
    if output_format is not None and output_format not in FORMATS:
        raise InvalidValue("output_format", output_format, f"allowed are {', '.join(FORMATS)}.")


def chosen_format(output_format: str | None) -> str:
    if output_format is not None:
        return output_format
    return next((one for one in ("pandas", "polars") if find_spec(one) is not None), "list")


def runs_as(output_format: str | None, runs: list[Run]) -> Any:
    """Columns: run_id, experiment_id, status, artifact_uri, start_time, end_time (UTC), metrics.*, params.*, tags.*. A
    missing metric is NaN in pandas and null in polars, a missing param or tag None."""
    kind = chosen_format(output_format)
    if kind == "list":
        return runs
    columns: dict[str, list[Any]] = {name: [getattr(run.info, name) for run in runs] for name in _ATTRIBUTES}
    missing = math.nan if kind == "pandas" else None
    _spread(columns, "metrics", [run.data.metrics for run in runs], missing)
    _spread(columns, "params", [run.data.params for run in runs], None)
    _spread(columns, "tags", [run.data.tags for run in runs], None)
    return _frame(kind, columns, times=("start_time", "end_time"))


def models_as(output_format: str | None, models: list[LoggedModel]) -> Any:
    kind = chosen_format(output_format)
    if kind == "list":
        return models
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in models] for name in _MODEL_ATTRIBUTES}
    columns["status"] = [model.status.name for model in models]
    columns["metrics"] = [model.metrics or [] for model in models]
    columns["params"] = [model.params for model in models]
    columns["tags"] = [model.tags for model in models]
    if kind == "polars":
        columns["metrics"] = [{m.key: m.value for m in model.metrics or ()} for model in models]
    return _frame(kind, columns, times=())


def _spread(columns: dict[str, list[Any]], prefix: str, rows: Sequence[dict[str, Any]], missing: float | None) -> None:
    """One column per key, in the order in which the keys first appear."""
    keys: Iterable[str] = dict.fromkeys(key for row in rows for key in row)
    for key in keys:
        columns[f"{prefix}.{key}"] = [row.get(key, missing) for row in rows]


def _frame(kind: str, columns: dict[str, list[Any]], times: tuple[str, ...]) -> Any:
    if kind == "pandas":
        pandas = optional_import("pandas", extra="pandas", why="output_format='pandas'")
        # object: pandas would make a text column of its own, where a missing value is NaN and not None
        data: dict[str, Any] = {
            name: pandas.Series(values, dtype=object) if name.startswith(("params.", "tags.")) else values
            for name, values in columns.items()
        }
        for name in times:
            data[name] = pandas.to_datetime(pandas.Series(columns[name], dtype="Int64"), unit="ms", utc=True)
        return pandas.DataFrame(data)
    polars = optional_import("polars", extra="polars", why="output_format='polars'")
    series = {
        name: polars.Series(name, values, strict=False)
        if name not in times
        else polars.Series(name, values, dtype=polars.Int64).cast(polars.Datetime("ms", "UTC"))
        for name, values in columns.items()
    }
    return polars.DataFrame(series)
