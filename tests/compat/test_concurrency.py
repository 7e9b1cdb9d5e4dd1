import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from servers import Server, environment

# MLflow's client that comes second when an experiment is made finds it, but doesn't choose it: its runs would go to the
# default experiment. The second call does.
WORKER = """
import sys
import mlflow
url, experiment, who = sys.argv[1:]
mlflow.set_tracking_uri(url)
mlflow.set_experiment(experiment)
mlflow.set_experiment(experiment)
with mlflow.start_run(run_name=who):
    mlflow.log_params({"who": who, "n": 50})
    for step in range(50):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_text(who, "who.txt")
"""


def test_threads_with_runs_of_their_own(fluent: str) -> None:
    def work(index: int) -> str:
        with mlflow.start_run(run_name=f"t{index}") as run:
            for step in range(20):
                mlflow.log_metric("m", index * 100 + step, step=step)
            mlflow.log_param("i", index)
        return run.info.run_id

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(work, range(8)))
    client = MlflowClient()
    for index, run_id in enumerate(runs):
        read = client.get_run(run_id)
        assert (read.data.params, read.data.metrics) == ({"i": str(index)}, {"m": index * 100 + 19.0})
        history = client.get_metric_history(run_id, "m")
        assert [p.value for p in history] == [index * 100.0 + s for s in range(20)]


def test_threads_into_one_run_with_shuffled_keys(client: MlflowClient, run_id: str) -> None:
    keys = [f"k{i}" for i in range(10)]

    def work(worker: int) -> None:
        for batch in range(5):
            order = keys if worker % 2 else keys[::-1]
            metrics = [Metric(k, worker, 1, worker * 100 + batch) for k in order]
            client.log_batch(run_id, metrics=metrics, params=[Param("shared", "same"), Param(f"p{worker}", "1")])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    expected = sorted(w * 100 + b for w in range(6) for b in range(5))
    for key in keys:
        assert sorted(p.step for p in client.get_metric_history(run_id, key)) == expected
    read = client.get_run(run_id)
    assert read.data.metrics == dict.fromkeys(keys, 5.0)
    assert read.data.params == {"shared": "same"} | {f"p{w}": "1" for w in range(6)}


def test_processes_that_make_the_same_experiment(server: Server, unique: Callable[[str], str]) -> None:
    name = unique("many processes")
    command = [sys.executable, "-c", WORKER, server.url, name]
    quiet = environment({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "GIT_PYTHON_REFRESH": "quiet"})
    children = [subprocess.Popen([*command, f"p{i}"], env=quiet, stderr=subprocess.PIPE) for i in range(3)]
    for child in children:
        _, complaint = child.communicate(timeout=120)
        assert child.returncode == 0, complaint.decode()[-3000:]
    client = MlflowClient(tracking_uri=server.url)
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], order_by=["params.who"])
    assert [r.data.params["who"] for r in runs] == ["p0", "p1", "p2"]
    for run in runs:
        assert run.info.status == "FINISHED"
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 50
        assert [f.path for f in client.list_artifacts(run.info.run_id)] == ["who.txt"]


def test_only_one_of_many_wins_a_name(client: MlflowClient, unique: Callable[[str], str]) -> None:
    name, made, refused = unique("contested"), [], []
    gate = threading.Barrier(6)

    def work(_: int) -> None:
        gate.wait(timeout=30)
        try:
            made.append(client.create_experiment(name))
        except mlflow.MlflowException as why:
            refused.append(why.error_code)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert (len(made), refused) == (1, ["RESOURCE_ALREADY_EXISTS"] * 5)
    assert client.get_experiment_by_name(name).experiment_id == made[0]


def test_one_param_set_by_many_keeps_one_value(client: MlflowClient, run_id: str) -> None:
    refused: list[str] = []

    def work(index: int) -> None:
        try:
            client.log_param(run_id, "p", str(index))
        except mlflow.MlflowException as why:
            refused.append(why.error_code)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert refused == ["INVALID_PARAMETER_VALUE"] * 5
    assert client.get_run(run_id).data.params["p"] in set("012345")
