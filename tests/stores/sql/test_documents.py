from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from headrace.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Page,
    Param,
    Projection,
    Run,
    RunTag,
    ViewType,
)
from headrace.errors import InvalidValue, NotFound
from headrace.stores.documents import RunDocument
from headrace.stores.sql import SqlStore
from headrace.stores.sql.document import DOCUMENT_CHARS
from headrace.stores.sql.document_cache import OVERHEAD_BYTES, DocumentCache

EDGES = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3, 1e22, 123456789.0, math.nan]


def items(raw: msgspec.Raw) -> dict[str, str]:
    listed = msgspec.json.decode(raw)
    assert all(set(each) == {"key", "value"} for each in listed)
    return {each["key"]: each["value"] for each in listed}


def points(raw: msgspec.Raw) -> dict[str, tuple[Any, int, int]]:
    listed = msgspec.json.decode(raw)
    assert all(list(each) == ["key", "value", "timestamp", "step"] for each in listed)
    return {each["key"]: (each["value"], each["timestamp"], each["step"]) for each in listed}


def assert_same(document: RunDocument, run: Run) -> None:
    assert document.info == run.info
    assert items(document.params) == run.data.params
    assert items(document.tags) == run.data.tags
    assert points(document.metrics) == {
        point.key: ("NaN" if math.isnan(point.value) else point.value, point.timestamp, point.step)
        for point in run.data.latest
    }
    assert document.inputs == run.inputs
    assert document.outputs == run.outputs


def full_run(store: SqlStore, **create: Any) -> str:
    run_id = store.create_run("0", tags=[RunTag('quote "é\n', "a\\b\t\u2028")], **create).info.run_id
    params = [Param(f"p{i}", chr(0x1F300 + i)) for i in range(5)]
    metrics = [Metric(f"edge {i}", value, 1_700_000_000_000 + i, i - 3) for i, value in enumerate(EDGES)]
    store.log_batch(run_id, metrics, params)
    data = DatasetInput(Dataset("digits", "12ab", "local", "{}"), [InputTag("mlflow.data.context", "train")])
    store.log_inputs(run_id, [data], [LoggedModelInput("m-1")])
    store.log_outputs(run_id, [LoggedModelOutput("m-2", 7)])
    return run_id


def test_document_of_a_run_says_what_its_record_says(store: SqlStore) -> None:
    run_id = full_run(store)
    assert_same(store.get_run_document(run_id), store.get_run(run_id))
    empty = store.create_run("0").info.run_id
    assert bytes(store.get_run_document(empty).metrics) == b"[]"
    assert bytes(store.get_run_document(empty).params) == b"[]"
    assert_same(store.get_run_document(empty), store.get_run(empty))


def test_unknown_run_has_no_document(store: SqlStore) -> None:
    with pytest.raises(NotFound):
        store.get_run_document("0" * 32)


PROJECTIONS = [
    None,
    Projection(metrics=[], params=[], tags=[], inputs=False),
    Projection(metrics=["edge 1", "edge 7", "never"], params=["p1"], tags=["mlflow.runName"]),
    Projection(metrics=["never"], params=["never"], tags=None),
]


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_search_gives_the_same_runs_as_documents(store: SqlStore, projection: Projection | None) -> None:
    for i in range(5):
        full_run(store, start_time=i)
    for token in (None, store.search_runs(["0"], max_results=2, order_by=["metrics.`edge 0`"]).token):
        runs = store.search_runs(
            ["0"], max_results=2, order_by=["metrics.`edge 0`"], page_token=token, projection=projection
        )
        documents: Page[RunDocument] = store.search_run_documents(
            ["0"], max_results=2, order_by=["metrics.`edge 0`"], page_token=token, projection=projection
        )
        assert len(runs) == len(documents) == 2
        assert runs.token == documents.token
        for document, run in zip(documents, runs, strict=True):
            assert_same(document, run)


def test_documents_that_grow_too_long_are_read_from_rows(store: SqlStore) -> None:
    run_id = store.create_run("0").info.run_id
    expected: dict[str, str] = {}
    for i in range(30):
        value = f"{i}" + "x" * 5990
        store.log_batch(run_id, (), [Param(f"p{i}", value)], [RunTag(f"t{i}", value)])
        expected[str(i)] = value
    assert sum(map(len, expected.values())) > DOCUMENT_CHARS
    assert store.get_run(run_id).data.params == {f"p{i}": value for i, value in expected.items()}
    assert_same(store.get_run_document(run_id), store.get_run(run_id))
    store.log_param(run_id, Param("p3", expected["3"]))
    with pytest.raises(InvalidValue, match="written once"):
        store.log_param(run_id, Param("p3", "other"))
    store.log_param(run_id, Param("short", "1"))
    store.set_tag(run_id, RunTag("t3", "changed"))
    store.delete_tag(run_id, "t4")
    run = store.get_run(run_id)
    assert run.data.params == {f"p{i}": value for i, value in expected.items()} | {"short": "1"}
    assert run.data.tags["t3"] == "changed"
    assert "t4" not in run.data.tags
    assert len(run.data.tags) == 30
    [found] = store.search_runs(["0"], "tags.t3 = 'changed' AND params.short = '1'")
    assert found.data.params == run.data.params


def deleted_and_restored(store: SqlStore, run_id: str) -> None:
    store.delete_run(run_id)
    store.get_run_document(run_id)
    store.restore_run(run_id)


Write = Callable[[SqlStore, str, str], object]
WRITES: dict[str, Write] = {
    "metric": lambda store, run, _: store.log_metric(run, Metric("edge 0", 7.0, 9_700_000_000_000, 99)),
    "param": lambda store, run, _: store.log_param(run, Param("new", "1")),
    "tag": lambda store, run, _: store.set_tag(run, RunTag("new", "1")),
    "tag deleted": lambda store, run, _: store.delete_tag(run, "mlflow.runName"),
    "update": lambda store, run, _: store.update_run(run, "FINISHED", 5, "another name"),
    "delete": lambda store, run, _: store.delete_run(run),
    "restore": lambda store, run, _: deleted_and_restored(store, run),
    "experiment deleted": lambda store, _, experiment: store.delete_experiment(experiment),
    "inputs": lambda store, run, _: store.log_inputs(
        run, [DatasetInput(Dataset("iris", "1", "local", "{}"))], [LoggedModelInput("m-9")]
    ),
    "outputs": lambda store, run, _: store.log_outputs(run, [LoggedModelOutput("m-8", 1)]),
    "model": lambda store, run, _: store.record_model(
        run, '{"artifact_path": "a", "flavors": {}, "utc_time_created": "", "run_id": ""}'
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_document_that_was_read_before_follows_every_write(
    uri: str, write: str, opened: Callable[[str], SqlStore]
) -> None:
    reader, writer = opened(uri), opened(uri)
    experiment = writer.create_experiment("one")
    run_id = writer.create_run(experiment).info.run_id
    beside = writer.create_run(experiment).info.run_id
    before = reader.get_run_document(run_id)
    unchanged = reader.get_run_document(beside)
    WRITES[write](writer, run_id, experiment)
    after = reader.get_run_document(run_id)
    assert after != before or write == "restore"
    assert_same(after, writer.get_run(run_id))
    [found] = reader.search_run_documents([experiment], f"run_id = '{run_id}'", ViewType.ALL)
    assert found.info == after.info
    assert bytes(found.metrics) == bytes(after.metrics)
    if write != "experiment deleted":
        assert reader.get_run_document(beside) is unchanged


def test_cache_forgets_what_was_used_last_the_longest_time_ago(store: SqlStore) -> None:
    first, second, third = [store.get_run_document(full_run(store)) for _ in range(3)]
    size = OVERHEAD_BYTES + sum(memoryview(part).nbytes for part in (first.metrics, first.params, first.tags))
    cache = DocumentCache(most_bytes=2 * size + 200)
    cache.keep([(1, 10, first), (2, 10, second)])
    assert cache.find([(1, 10), (2, 11)]) == {1: first}
    cache.keep([(3, 10, third)])
    assert cache.find([(1, 10), (2, 10), (3, 10)]) == {1: first, 3: third}
    cache.keep([(3, 12, second), (3, 13, third)])
    assert cache.find([(1, 10), (3, 13)]) == {1: first, 3: third}
    cache.keep([(1, 14, second)])
    assert cache.find([(1, 10), (3, 13), (1, 14)]) == {1: second, 3: third}
