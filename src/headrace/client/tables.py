"""Tables as artifacts: {"columns": […], "data": [[…], …]} in JSON, or Parquet. Rows are appended to a table that is
there; which runs have one is said by a tag, so that `load_table` finds them.

Two processes that append to the same table of one run at the same time may lose rows of one of them.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import threading
import uuid
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

import msgspec

from headrace.blobs.paths import file_path
from headrace.client import frames
from headrace.client.artifact_roots import known_run_root
from headrace.client.artifacts import settle
from headrace.client.experiments import current_experiment_id
from headrace.client.log_files import Target, target_of
from headrace.client.open import tracking_store
from headrace.client.outbox.unmet import is_missed
from headrace.client.run_files import QueuedFiles, RunFiles
from headrace.client.tags import MLFLOW_LOGGED_ARTIFACTS
from headrace.client.uri import get_tracking_uri
from headrace.entities import Run, RunTag
from headrace.entities.limits import MAX_RUN_TAG_VALUE_CHARS
from headrace.errors import HeadraceError, InvalidValue, NotFound
from headrace.lazy import optional_import

_ENDINGS = (".json", ".parquet")
_PAGE = 1000
_REMEMBERED = 8  # tables
_RUN_COLUMNS = ("run_id", "experiment_id", "run_name", "status", "artifact_uri", "start_time", "end_time")


class Table(msgspec.Struct):
    """Rows are as long as columns."""

    columns: list[str]
    rows: list[list[Any]]

    def extended(self, other: Table) -> Table:
        """Columns that only one of them has are None in the rows of the other."""
        columns = list(dict.fromkeys([*self.columns, *other.columns]))
        return Table(columns, [*self._aligned(columns), *other._aligned(columns)])

    def _aligned(self, columns: list[str]) -> list[list[Any]]:
        if columns == self.columns:
            return self.rows
        places = [self.columns.index(name) if name in self.columns else None for name in columns]
        return [[None if place is None else row[place] for place in places] for row in self.rows]

    def named(self) -> dict[str, list[Any]]:
        return {name: [row[index] for row in self.rows] for index, name in enumerate(self.columns)}


class _Written:
    """The last tables that this process has written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: OrderedDict[tuple[str, str], Table] = OrderedDict()

    def keep(self, run_id: str, path: str, table: Table) -> None:
        with self._lock:
            self._tables[run_id, path] = table
            self._tables.move_to_end((run_id, path))
            if len(self._tables) > _REMEMBERED:
                self._tables.popitem(last=False)

    def of(self, run_id: str, path: str) -> Table | None:
        with self._lock:
            return self._tables.get((run_id, path))

    def paths(self, run_id: str) -> list[str]:
        with self._lock:
            return [path for of, path in self._tables if of == run_id]


_written = _Written()


def log_table(data: Any, artifact_file: str, run_id: str | None = None, synchronous: bool | None = None) -> None:
    """data: a frame of pandas or polars, or a dict of lists (or single values) by column. artifact_file ends in .json
    or .parquet. Columns of `Image`s are stored as picture files beside the table."""
    log_table_to(target_of(run_id, synchronous=synchronous), data, artifact_file)


def load_table(
    artifact_file: str, run_ids: Sequence[str] | None = None, extra_columns: Sequence[str] | None = None
) -> Any:
    """The tables of that name of the current experiment's runs (or of run_ids), one below the other, as a frame of
    pandas, else of polars, else as a dict of lists. extra_columns: of the runs (run_id, start_time, params.x …)."""
    return load_table_of(get_tracking_uri(), current_experiment_id(), artifact_file, run_ids, extra_columns)


def log_table_to(target: Target, data: Any, artifact_file: str) -> None:
    path = _checked(artifact_file)
    table = _table_of(data)
    if any(_is_image(value) for row in table.rows for value in row):
        table = _with_files(target.blobs, table, path)
    before = _before(target, path)
    table = before.extended(table) if before else table
    target.blobs.put_bytes(path, _encoded(path, table))
    _written.keep(target.run_id, path, table)
    _announce(target, path)


def _before(target: Target, path: str) -> Table | None:
    """What the table holds; where the store can't be asked, what this process has written to it."""
    try:
        return _decoded(path, target.blobs.get_bytes(path))
    except NotFound:
        return None
    except HeadraceError as error:
        if not (isinstance(target.blobs, QueuedFiles) and is_missed(error)):
            raise
        return _written.of(target.run_id, path)


def load_table_of(
    tracking_uri: str,
    experiment_id: str,
    artifact_file: str,
    run_ids: Sequence[str] | None,
    extra_columns: Sequence[str] | None,
) -> Any:
    path = _checked(artifact_file)
    found: Table | None = None
    for run, table in _tables_of(tracking_uri, experiment_id, path, run_ids):
        for name in extra_columns or ():
            value = _run_value(run, name)
            table = Table([*table.columns, name], [[*row, value] for row in table.rows])  # noqa: PLW2901
        found = found.extended(table) if found else table
    if found is None:
        raise NotFound("table", artifact_file, by="path", hint="No run of the experiment has one by log_table.")
    return _frame(found)


def _checked(artifact_file: str) -> str:
    path = file_path(artifact_file)
    if not path.lower().endswith(_ENDINGS):
        raise InvalidValue("artifact_file", artifact_file, "a table's name ends in .json or .parquet.")
    return path


def _table_of(data: Any) -> Table:
    if isinstance(data, Mapping):
        columns = {
            str(name): list(value) if isinstance(value, (list, tuple)) or _is_array(value) else [value]
            for name, value in data.items()
        }
    elif callable(getattr(data, "to_dict", None)) and hasattr(data, "columns"):
        # pandas and polars alike: columns in order, values as Python knows them.
        columns = {str(name): list(data[name]) for name in data.columns}
    else:
        raise InvalidValue("data", type(data).__name__, "a frame of pandas or polars, or a dict of lists, is needed.")
    length = max(map(len, columns.values()), default=0)
    padded = [[*_text_or_none(values), *[None] * (length - len(values))] for values in columns.values()]
    return Table(list(columns), [list(row) for row in zip(*padded, strict=True)])


def _text_or_none(values: list[Any]) -> list[Any]:
    """pandas marks a missing text by the number NaN."""
    if not any(isinstance(value, str) for value in values):
        return values
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def _is_array(value: Any) -> bool:
    return callable(getattr(value, "tolist", None)) and getattr(value, "ndim", 1) == 1


def _is_image(value: Any) -> bool:
    kind = type(value)
    return (kind.__name__ == "Image" and kind.__module__ == "headrace.client.images") or _is_pillow(value)


def _is_pillow(value: Any) -> bool:
    return any(kind.__module__ == "PIL.Image" for kind in type(value).__mro__)


def _with_files(blobs: RunFiles, table: Table, path: str) -> Table:
    from headrace.client.images import as_pil, encoded, thumbnail

    folder = f"table_images/{PurePosixPath(path).with_suffix('')}"

    def stored(value: Any) -> Any:
        if not _is_image(value):
            return value
        stem, pixels = f"{folder}/{uuid.uuid4()}", as_pil(value)
        blobs.put_bytes(f"{stem}.png", encoded(pixels, ".png"))
        blobs.put_bytes(f"{stem}.webp", thumbnail(pixels))
        return {"type": "image", "filepath": f"{stem}.png", "compressed_filepath": f"{stem}.webp"}

    return Table(table.columns, [[stored(value) for value in row] for row in table.rows])


def _encoded(path: str, table: Table) -> bytes:
    if path.lower().endswith(".json"):
        rows = [[_json_value(value) for value in row] for row in table.rows]
        text = json.dumps({"columns": table.columns, "data": rows}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")
    return _write_parquet(table)


def _decoded(path: str, content: bytes) -> Table:
    if path.lower().endswith(".json"):
        try:
            loaded = json.loads(content)
            return Table([str(name) for name in loaded["columns"]], [list(row) for row in loaded["data"]])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue("artifact_file", path, f"the file there isn't a table: {error}.") from error
    return _read_parquet(content)


def _json_value(value: Any) -> Any:
    """What JSON has no form for becomes what pandas writes: None for what is missing, ISO times in milliseconds."""
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dt.datetime():
            return _iso_time(value)
        case dt.date():
            return value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case Mapping():
            return {str(key): _json_value(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_json_value(item) for item in value]
    if type(value).__name__ == "NAType":
        return None
    for name in ("tolist", "to_list", "item"):
        method = getattr(value, name, None)
        if callable(method):
            return _json_value(method())
    return str(value)


def _iso_time(value: dt.datetime) -> str | None:
    if value != value:  # noqa: PLR0124 (pandas' NaT calls itself a datetime)
        return None
    if value.tzinfo is None:
        return value.isoformat(timespec="milliseconds")
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _write_parquet(table: Table) -> bytes:
    buffer = io.BytesIO()
    if find_spec("pyarrow") is None:
        polars = optional_import("polars", extra="polars", why="to write Parquet")
        polars.DataFrame(table.named(), strict=False).write_parquet(buffer)
        return buffer.getvalue()
    pyarrow = optional_import("pyarrow")
    parquet = optional_import("pyarrow.parquet")
    try:
        parquet.write_table(pyarrow.table(table.named()), buffer)
    except (pyarrow.ArrowException, TypeError) as error:
        raise InvalidValue("data", table.columns, f"a column can't be stored in Parquet: {error}.") from error
    return buffer.getvalue()


def _read_parquet(content: bytes) -> Table:
    if find_spec("pyarrow") is None:
        polars = optional_import("polars", extra="polars", why="to read Parquet")
        named: dict[str, list[Any]] = polars.read_parquet(io.BytesIO(content)).to_dict(as_series=False)
    else:
        named = optional_import("pyarrow.parquet").read_table(io.BytesIO(content)).to_pydict()
    return Table(list(named), [list(row) for row in zip(*named.values(), strict=True)])


def _announce(target: Target, path: str) -> None:
    """The tag by which `load_table` finds the runs that have the table."""
    known = _announced(target.sink.get_run(target.run_id).data.tags)
    mine = [{"path": each, "type": "table"} for each in _written.paths(target.run_id)]
    missing = [entry for entry in mine if entry not in known]  # more than one where the store couldn't be asked
    if not missing:
        return
    text = json.dumps([*known, *missing])
    if len(text) > MAX_RUN_TAG_VALUE_CHARS:
        # A cut tag would be no JSON any more, and none of the run's tables would be found.
        warnings.warn(
            f"Run {target.run_id} has too many tables: load_table finds {path!r} only by run_ids.", stacklevel=4
        )
        return
    target.sink.log_batch(target.run_id, tags=[RunTag(MLFLOW_LOGGED_ARTIFACTS, text)])


def _announced(tags: Mapping[str, str]) -> list[Any]:
    try:
        known = json.loads(tags.get(MLFLOW_LOGGED_ARTIFACTS, "[]"))
    except ValueError:
        return []
    return known if isinstance(known, list) else []


def _tables_of(
    tracking_uri: str, experiment_id: str, path: str, run_ids: Sequence[str] | None
) -> Iterator[tuple[Run, Table]]:
    store = tracking_store(tracking_uri)
    if run_ids is not None:
        runs: Iterable[Run] = (store.get_run(run_id) for run_id in run_ids)
    else:
        runs = _announcing(tracking_uri, experiment_id, path)
    for run in runs:
        settle(tracking_uri, run.info.run_id)
        blobs = known_run_root(run.info.run_id, run.info.artifact_uri, tracking_uri)
        try:
            yield run, _decoded(path, blobs.get_bytes(path))
        except NotFound:
            continue


def _announcing(tracking_uri: str, experiment_id: str, path: str) -> Iterator[Run]:
    # The path itself isn't put into the filter: it may hold a quote, and LIKE would read _ and % in it.
    condition = f"tags.`{MLFLOW_LOGGED_ARTIFACTS}` LIKE '%\"table\"%'"
    token = None
    while True:
        page = tracking_store(tracking_uri).search_runs([experiment_id], condition, max_results=_PAGE, page_token=token)
        yield from (run for run in page if {"path": path, "type": "table"} in _announced(run.data.tags))
        token = page.token
        if token is None:
            return


def _run_value(run: Run, name: str) -> Any:
    kind, _, key = name.partition(".")
    if kind in ("metrics", "params", "tags") and key:
        return getattr(run.data, kind).get(key)
    if name not in _RUN_COLUMNS:
        raise InvalidValue(
            "extra_columns", name, f"allowed are {', '.join(_RUN_COLUMNS)}, metrics.*, params.*, tags.*."
        )
    value = getattr(run.info, name)
    if name in ("start_time", "end_time") and value is not None:
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC)
    return value


def _frame(table: Table) -> Any:
    kind = frames.chosen_format(None)
    if kind == "pandas":
        return optional_import("pandas").DataFrame(table.rows, columns=table.columns)
    if kind == "polars":
        return optional_import("polars").DataFrame(table.named(), strict=False)
    return table.named()
