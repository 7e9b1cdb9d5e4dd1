"""Workers of each kind log to the run that their parent has open: every point is there once, when the run has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace.client.outbox.files import journals

POINTS, WORKERS = 40, 3
HANG_S = 120

SCRIPT = f"""
import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

import headrace as mlflow

POINTS, WORKERS = {POINTS}, {WORKERS}


def log(run_id, worker):
    for step in range(POINTS):
        mlflow.log_metric(f"worker-{{worker}}", worker * 1000 + step, step=step, run_id=run_id)


def log_to_open_run(worker):
    log(None, worker)


def leave_at_once(worker):
    log(None, worker)
    os._exit(0)  # nothing that is registered for the end runs


def processes(context, target, *first):
    started = [context.Process(target=target, args=(*first, worker)) for worker in range(WORKERS)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * WORKERS


def threads(run_id):
    started = [threading.Thread(target=log, args=(run_id, worker)) for worker in range(WORKERS)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def loader(context):
    from torch.utils.data import DataLoader, Dataset

    class Rows(Dataset):
        def __len__(self):
            return POINTS * WORKERS

        def __getitem__(self, row):
            worker, step = divmod(row, POINTS)
            mlflow.log_metric(f"worker-{{worker}}", worker * 1000 + step, step=step)
            return row

    batches = DataLoader(Rows(), batch_size=5, num_workers=2, multiprocessing_context=context)
    assert sum(len(rows) for rows in batches) == POINTS * WORKERS


if __name__ == "__main__":
    kind = sys.argv[1]
    context = multiprocessing.get_context(kind if kind in ("spawn", "forkserver") else "fork")
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        mlflow.log_metric("parent", 0, step=0)
        mlflow.get_run(run_id)  # the parent's journal is open and its first records are sent
        if kind == "fork":
            processes(context, log_to_open_run)
        elif kind in ("spawn", "forkserver"):
            processes(context, log, run_id)
        elif kind == "exit":
            processes(context, leave_at_once)
        elif kind == "pool":
            with context.Pool(WORKERS) as pool:  # kills its processes
                pool.starmap(log, [(run_id, worker) for worker in range(WORKERS)], chunksize=1)
        elif kind == "executor":
            with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
                list(pool.map(log, [run_id] * WORKERS, range(WORKERS)))
        elif kind == "threads":
            threads(run_id)
        elif kind == "loader":
            loader(context)
        mlflow.log_metric("parent", 1, step=1)
        assert mlflow.get_run(run_id).info.status == "RUNNING"
    found = mlflow.get_run(run_id)
    assert found.info.status == "FINISHED"
    assert len(found.data.metrics) == 1 + WORKERS, found.data.metrics
    print(run_id)
"""

KINDS = ["fork", "spawn", "forkserver", "exit", "pool", "executor", "threads", "loader"]


def check(kind: str, folder: Path) -> None:
    (folder / "workers.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "workers.py", kind], cwd=folder, capture_output=True, text=True, timeout=HANG_S
    )
    assert (done.returncode, done.stderr) == (0, "")
    run_id, client = done.stdout.strip(), mlflow.MlflowClient()
    for worker in range(WORKERS):
        history = client.get_metric_history(run_id, f"worker-{worker}")
        found = sorted((point.step, point.value) for point in history)
        assert found == [(step, worker * 1000 + step) for step in range(POINTS)]
    assert [point.step for point in client.get_metric_history(run_id, "parent")] == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_point_of_a_worker_arrives_once(kind: str, tmp_path: Path) -> None:
    if kind == "loader" and find_spec("torch") is None:
        pytest.skip("torch is not installed")
    check(kind, tmp_path)
    assert journals(tmp_path / ".headrace" / "outbox") == {}


@pytest.mark.parametrize("kind", ["fork", "exit"])
@pytest.mark.parametrize("place", ["server"], indirect=True)
def test_also_on_a_server(place: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    check(kind, tmp_path)
    assert journals(tmp_path / "journal") == {}


def test_damaged_journal_of_another_process_keeps_none_from_arriving(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = tmp_path / ".headrace" / "outbox"
    outbox.mkdir(parents=True)
    damaged = outbox / f"{'0' * 32}.000001.journal"
    damaged.write_bytes(os.urandom(5000))
    for _ in range(2):
        with mlflow.start_run() as run:
            mlflow.log_metric("loss", 1)
        assert mlflow.get_run(run.info.run_id).data.metrics == {"loss": 1}
    assert caplog.text.count("isn't a journal") == 1
    assert damaged.exists()


def test_sink_whose_first_call_logs_can_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
    stores.close_stores()
    monkeypatch.setattr(stores, "READ_FLUSH_S", 60.0)
    answers: list[float] = []

    def work() -> None:
        mlflow.log_metric("loss", 1, run_id=run_id)
        answers.append(stores.tracking_sink().get_run(run_id).data.metrics["loss"])

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert answers == [1]
