"""A folder of journals that is opened for reading, also while it is written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.client.mlflow_client import MlflowClient
from headrace.client.open import close_stores, open_store
from headrace.client.outbox.files import journals
from headrace.client.outbox.offline import OfflineStore
from headrace.client.outbox.writer import JournalWriter
from headrace.entities import RunTag
from headrace.entities.journal import ParamsLogged, RunStarted, RunUpdated
from headrace.errors import NotSupported
from headrace.stores.base import TrackingStore
from headrace.wire.journal import Head

RUN = "cd" * 16


def writer(folder: Path, number: int = 1) -> JournalWriter:
    return JournalWriter(folder, Head(writer_id=f"{number:032x}", serial=0, first_id=0, created_ms=number))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TrackingStore]:
    opened = open_store(f"offline:{tmp_path}")
    yield opened
    opened.close()


def steps(store: TrackingStore, run_id: str = RUN) -> list[int]:
    return [point.step for point in store.get_metric_history(run_id, "loss")]


def test_each_read_takes_what_was_written_meanwhile(
    store: TrackingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.client.outbox.writer.CHUNK_BYTES", 2000)
    monkeypatch.setattr("headrace.client.outbox.writer.SEGMENT_BYTES", 9000)
    assert [each.name for each in store.search_experiments()] == ["Default"]
    first = writer(tmp_path)
    first.record(RunStarted(RUN, experiment_name="exp", run_name="night"))
    for step in range(1000):
        first.points(RUN, ("loss",), (step / 2,), step, 1)
        if step % 90 == 0:
            assert steps(store) == list(range(step + 1))
    assert len(journals(tmp_path)[first.writer_id]) > 3
    second = writer(tmp_path, 2)
    second.record(ParamsLogged(RUN, {"lr": "0.1"}))
    first.record(RunUpdated(RUN, "FINISHED", 9))
    run = store.get_run(RUN)
    assert (run.info.run_name, run.info.status, run.data.params) == ("night", "FINISHED", {"lr": "0.1"})
    assert run.info.artifact_uri == (tmp_path / "artifacts" / RUN).as_uri()
    assert [each.info.run_id for each in store.search_runs([run.info.experiment_id])] == [RUN]
    assert steps(store) == list(range(1000))


def test_what_is_read_is_bounded_by_what_is_new(
    store: TrackingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.client.outbox.writer.CHUNK_BYTES", 1000)
    made = writer(tmp_path)
    made.record(RunStarted(RUN))
    for step in range(500):
        made.points(RUN, ("loss",), (1.0,), step, 1)
    steps(store)
    seen: list[int] = []
    assert isinstance(store, OfflineStore)
    copy = store._copy
    append = copy.append_journal

    def counted(writer_id: str, first_id: int, records: list[object]) -> object:
        seen.append(len(records))
        return append(writer_id, first_id, records)  # type: ignore[arg-type]

    monkeypatch.setattr(copy, "append_journal", counted)
    made.points(RUN, ("loss",), (1.0,), 500, 1)
    assert steps(store) == list(range(501))
    assert 0 < sum(seen) < 100


def test_nothing_can_be_written_and_nothing_is_left(tmp_path: Path) -> None:
    made = writer(tmp_path)
    made.record(RunStarted(RUN))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    store = open_store(f"offline:{tmp_path}")
    assert isinstance(store, OfflineStore)
    with pytest.raises(NotSupported, match="headrace sync"):
        store.set_tag(RUN, RunTag("a", "b"))
    with pytest.raises(NotSupported, match="can only be read"):
        store.create_experiment("x")
    place = Path(store._place.name)
    assert place.exists()
    store.close()
    assert not place.exists()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_damaged_journal_is_shown_up_to_there(
    store: TrackingStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("headrace.client.outbox.writer.SEGMENT_BYTES", 3000)
    monkeypatch.setattr("headrace.client.outbox.writer.CHUNK_BYTES", 1000)
    made = writer(tmp_path)
    made.record(RunStarted(RUN))
    for step in range(400):
        made.points(RUN, ("loss",), (1.0,), step, 1)
    other = writer(tmp_path, 2)
    other.record(ParamsLogged(RUN, {"lr": "0.1"}))
    journals(tmp_path)[made.writer_id][2].path.unlink()
    with caplog.at_level(logging.WARNING):
        shown = steps(store)
        assert steps(store) == shown
    assert shown == list(range(len(shown)))
    assert 50 < len(shown) < 300
    assert store.get_run(RUN).data.params == {"lr": "0.1"}
    assert [record.message for record in caplog.records if "are missing" in record.message]


def test_process_reads_what_it_logs_offline(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"offline:{tmp_path / 'journals'}")
    mlflow.set_experiment("here")
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_text("hello", "a.txt")
        assert mlflow.get_run(run.info.run_id).data.metrics == {"loss": 0.5}
        assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt") == "hello"
    (found,) = mlflow.search_runs(experiment_names=["here"], output_format="list")
    assert (found.info.run_id, found.info.status) == (run.info.run_id, "FINISHED")
    with pytest.raises(NotSupported, match="can only be read"):
        MlflowClient().log_metric(run.info.run_id, "loss", 1)
    mlflow.set_tracking_uri(None)
    close_stores()
