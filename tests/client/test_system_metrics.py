from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import headrace as mlflow
import headrace.client.open as stores
from headrace import clock
from headrace.client.system_metrics import gpus, sampler, sensors
from headrace.client.system_metrics.monitor import SystemMetricsMonitor
from headrace.client.system_metrics.watch import Plan, Watch
from headrace.compat import module_for
from headrace.errors import InvalidValue
from tests.support.live_server import live_server

# What MLflow 3.17.2 logs on a machine without a GPU.
MACHINE = {
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "disk_usage_percentage",
    "disk_usage_megabytes",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}
GPU = {
    "gpu_0_memory_usage_percentage",
    "gpu_0_memory_usage_megabytes",
    "gpu_0_utilization_percentage",
    "gpu_0_power_usage_watts",
    "gpu_0_power_usage_percentage",
}
MEMORY = "system/system_memory_usage_percentage"
WAIT_S = 60.0

# As far as it is asked: 40 of 80 GB, a load of 30 that another reading may refuse, 350 of 700 W.
FAKE_NVML = """
from types import SimpleNamespace as Record

class NVMLError(Exception): ...

class NVMLError_NotSupported(NVMLError): ...

refuses_load = False
asked = 0

def nvmlInit(): ...
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetMemoryInfo(device): return Record(used=40_000_000_000, total=80_000_000_000)
def nvmlDeviceGetPowerUsage(device): return 350_000
def nvmlDeviceGetEnforcedPowerLimit(device): return 700_000

def nvmlDeviceGetUtilizationRates(device):
    global asked
    asked += 1
    if refuses_load:
        raise NVMLError_NotSupported("Not Supported")
    return Record(gpu=30)
"""


@pytest.fixture(autouse=True)
def untold() -> Iterator[None]:
    sensors._told.clear()
    yield
    sampler.sampler.remove_all()


@pytest.fixture
def quick() -> None:
    mlflow.set_system_metrics_sampling_interval(0.02)


@pytest.fixture
def nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "pynvml.py").write_text(FAKE_NVML)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    yield importlib.import_module("pynvml")
    sys.modules.pop("pynvml", None)


@pytest.fixture
def no_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    for module in (sensors, gpus):
        monkeypatch.setattr(module, "find_spec", lambda name: None if name == "psutil" else found(name))


def points(run_id: str, key: str = MEMORY) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in mlflow.MlflowClient().get_metric_history(run_id, key)]


def until(holds: Callable[[], object]) -> None:
    ends_s = clock.monotonic_s() + WAIT_S
    while not holds():
        assert clock.monotonic_s() < ends_s, "it didn't come"
        clock.sleep_s(0.02)


def logged(run_id: str) -> set[str]:
    return {key for key in mlflow.get_run(run_id).data.metrics if key.startswith("system/")}


def scripted(monkeypatch: pytest.MonkeyPatch, *samples: dict[str, float]) -> None:
    """What the sensors of a watch read, one after the other."""
    left = iter(samples)
    monkeypatch.setattr(sensors, "open_sensors", lambda: [sensors.Sensor("script", lambda: next(left))])


def test_names_are_mlflows_and_steps_count_from_0(place: str, quick: None) -> None:
    with mlflow.start_run(log_system_metrics=True) as run:
        run_id = run.info.run_id
        until(lambda: len(points(run_id)) >= 3)
    assert logged(run_id) == {f"system/{name}" for name in MACHINE}
    found = points(run_id)
    assert [step for step, _ in found] == list(range(len(found)))
    assert all(0 < value < 100 for _, value in found)


def test_nothing_is_logged_after_the_run_and_the_thread_ends(quick: None) -> None:
    with mlflow.start_run(log_system_metrics=True) as run:
        until(lambda: points(run.info.run_id))
        (thread,) = [one for one in threading.enumerate() if one.name == "headrace-system-metrics"]
    count = len(points(run.info.run_id))
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert len(points(run.info.run_id)) == count


def test_several_runs_share_one_thread_and_a_later_run_gets_one_again(quick: None) -> None:
    mlflow.enable_system_metrics_logging()
    for _ in range(2):
        with mlflow.start_run() as outer, mlflow.start_run(nested=True) as inner:
            until(lambda: points(outer.info.run_id) and points(inner.info.run_id))
            assert [one.name for one in threading.enumerate()].count("headrace-system-metrics") == 1


def test_off_unless_asked_for(quick: None) -> None:
    with mlflow.start_run() as run:
        assert run.info.run_id not in sampler._of_runs
    mlflow.enable_system_metrics_logging()
    with mlflow.start_run(log_system_metrics=False) as run:
        assert run.info.run_id not in sampler._of_runs
    with mlflow.start_run() as run:
        assert run.info.run_id in sampler._of_runs
    mlflow.disable_system_metrics_logging()
    with mlflow.start_run() as run:
        assert run.info.run_id not in sampler._of_runs


@pytest.mark.parametrize("brand", ["MLFLOW", "HEADRACE"])
def test_environment_sets_pace_and_node(brand: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{brand}_ENABLE_SYSTEM_METRICS_LOGGING", "true")
    monkeypatch.setenv(f"{brand}_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.01")
    monkeypatch.setenv(f"{brand}_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING", "2")
    monkeypatch.setenv(f"{brand}_SYSTEM_METRICS_NODE_ID", "node 7")
    with mlflow.start_run() as run:
        until(lambda: points(run.info.run_id, "system/node 7/disk_usage_percentage"))
    assert logged(run.info.run_id) == {f"system/node 7/{name}" for name in MACHINE}


def test_settings_are_those_of_children_and_none_forgets_them() -> None:
    mlflow.set_system_metrics_sampling_interval(2.5)
    mlflow.set_system_metrics_samples_before_logging(3)
    mlflow.set_system_metrics_node_id("a")
    code = "from headrace.client.system_metrics.watch import plan; print(*plan())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["2.5", "3", "system/a/"]
    os.environ["MLFLOW_SYSTEM_METRICS_NODE_ID"] = "b"
    mlflow.set_system_metrics_sampling_interval(None)
    mlflow.set_system_metrics_samples_before_logging(None)
    mlflow.set_system_metrics_node_id(None)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["10.0", "1", "system/"]


def test_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidValue, match="above 0"):
        mlflow.set_system_metrics_sampling_interval(0)
    with pytest.raises(InvalidValue, match="1 or more"):
        mlflow.set_system_metrics_samples_before_logging(0)
    with pytest.raises(InvalidValue, match="node id"):
        mlflow.set_system_metrics_node_id("a//b")
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING", "many")
    with pytest.raises(InvalidValue, match="SAMPLES_BEFORE_LOGGING"):
        mlflow.start_run(log_system_metrics=True)
    assert mlflow.active_run() is None


def test_point_is_the_average_of_its_samples_and_the_last_of_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    name, sent = "cpu_utilization_percentage", "network_transmit_megabytes"
    scripted(monkeypatch, {name: 10, sent: 0.25}, {name: 11, sent: 0.5}, {name: 11.5, sent: 0.75}, {name: 3, sent: 1})
    with mlflow.start_run() as run:
        watch = Watch(run.info.run_id, stores.get_tracking_uri(), Plan(1.0, 3, "system/"))
        for _ in range(5):  # the first opens the sensors
            watch.turn()
        assert points(run.info.run_id, f"system/{name}") == [(0, 10.8)]
        assert points(run.info.run_id, f"system/{sent}") == [(0, 0.75)]
        watch.end()  # what waits for others is logged without them
        watch.end()
    assert points(run.info.run_id, f"system/{name}") == [(0, 10.8), (1, 3)]


def test_step_goes_on_after_resume(quick: None) -> None:
    with mlflow.start_run(log_system_metrics=True) as run:
        run_id = run.info.run_id
        until(lambda: len(points(run_id)) >= 2)
    before = len(points(run_id))
    with mlflow.start_run(run_id=run_id, log_system_metrics=True):
        until(lambda: len(points(run_id)) >= before + 2)
    found = points(run_id)
    assert [step for step, _ in found] == list(range(len(found)))


def test_gpu_is_measured(quick: None, nvml: object) -> None:
    with mlflow.start_run(log_system_metrics=True) as run:
        until(lambda: points(run.info.run_id))
    assert logged(run.info.run_id) == {f"system/{name}" for name in MACHINE | GPU}
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    assert {name: metrics[f"system/{name}"] for name in GPU} == {
        "gpu_0_memory_usage_percentage": 50.0,
        "gpu_0_memory_usage_megabytes": 40_000.0,
        "gpu_0_utilization_percentage": 30.0,
        "gpu_0_power_usage_watts": 350.0,
        "gpu_0_power_usage_percentage": 50.0,
    }


def test_failing_sensor_is_told_once_and_the_others_go_on(
    quick: None, nvml: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(nvml, "refuses_load", True)
    with mlflow.start_run(log_system_metrics=True) as run:
        until(lambda: getattr(nvml, "asked") >= 3)  # noqa: B009 — a module of this test
        until(lambda: points(run.info.run_id))
    told = [record.message for record in caplog.records if record.name == "headrace.system"]
    assert told == ["System metrics go on without load of GPU 0: NVMLError_NotSupported: Not Supported"]
    assert logged(run.info.run_id) == {
        f"system/{name}" for name in MACHINE | GPU if name != "gpu_0_utilization_percentage"
    }


def test_driver_that_does_not_start_is_told_where_there_is_one(
    tmp_path: Path, nvml: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise getattr(nvml, "NVMLError")("Driver/library version mismatch")  # noqa: B009 — a module of this test

    monkeypatch.setattr(nvml, "nvmlInit", broken)
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path / "none")
    assert len(sensors.open_sensors()) == 4
    assert caplog.records == []
    (tmp_path / "none").touch()
    assert len(sensors.open_sensors()) == 4
    assert "version mismatch" in caplog.text


def test_gpu_without_its_package_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "driver").touch()
    monkeypatch.setattr(gpus, "_DRIVER", tmp_path / "driver")
    monkeypatch.setattr(gpus, "find_spec", lambda name: None)
    assert len(sensors.open_sensors()) == 4
    assert "pip install nvidia-ml-py" in caplog.text


def test_without_psutil_a_warning_says_what_to_install_and_the_run_goes_on(
    quick: None, no_psutil: None, nvml: object, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with mlflow.start_run(log_system_metrics=True) as run:
            mlflow.log_metric("loss", 1)
            until(lambda: points(run.info.run_id, "system/gpu_0_power_usage_watts"))
        assert logged(run.info.run_id) == {f"system/{name}" for name in GPU}
    told = [record.message for record in caplog.records if record.name == "headrace.system"]
    assert told == ["System metrics of this machine need psutil, which is missing: pip install 'headrace[system]'"]
    assert mlflow.get_run(run.info.run_id).data.metrics["loss"] == 1


def test_hanging_sensor_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    reached, released = threading.Event(), threading.Event()

    def hang() -> dict[str, float]:
        reached.set()
        released.wait(WAIT_S)
        return {"x": 1.0}

    monkeypatch.setattr(sensors, "open_sensors", lambda: [sensors.Sensor("hung", hang)])
    with mlflow.start_run(log_system_metrics=True) as run:
        assert reached.wait(WAIT_S)
        mlflow.log_metric("loss", 1)
    assert not released.is_set()
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"
    released.set()
    until(lambda: "headrace-system-metrics" not in [one.name for one in threading.enumerate()])
    assert mlflow.get_run(run.info.run_id).data.metrics == {"loss": 1}


@pytest.mark.parametrize("logging_by", ["journal", "direct"])
def test_store_that_is_down_ends_neither_training_nor_measuring(
    logging_by: str, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HEADRACE_LOGGING", logging_by)
    monkeypatch.setenv("HEADRACE_JOURNAL_DIR", str(tmp_path / "journal"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    caplog.set_level(logging.WARNING)
    with live_server(tmp_path / "served") as server:
        port = server.url.rpartition(":")[2]
        mlflow.set_tracking_uri(server.url)
        run_id = mlflow.start_run(log_system_metrics=True).info.run_id
        until(lambda: points(run_id))
    watch = sampler._of_runs[run_id]
    reached = watch.next_step + 5
    until(lambda: watch.next_step >= reached)
    with live_server(tmp_path / "served", "--port", port):
        reached = watch.next_step + 2
        until(lambda: watch.next_step >= reached)
        mlflow.end_run()
        steps = [step for step, _ in points(run_id)]
        stores.close_stores()
    told = [record.message for record in caplog.records if record.name == "headrace.system"]
    if logging_by == "journal":
        assert steps == list(range(len(steps)))
        assert told == []
    else:
        assert steps[-1] >= reached - 1
        assert len(told) == 1
        assert "could not be logged" in told[0]


def test_fork_has_no_part_in_it(quick: None) -> None:
    def child(answers: object) -> None:
        left = [one.name for one in threading.enumerate()]
        getattr(answers, "put")((left, list(sampler._of_runs), list(sampler.sampler._watches)))  # noqa: B009

    context = multiprocessing.get_context("fork")
    with mlflow.start_run(log_system_metrics=True) as run:
        until(lambda: points(run.info.run_id))
        answers = context.SimpleQueue()
        process = context.Process(target=child, args=(answers,))
        process.start()
        names, of_runs, watches = answers.get()
        process.join(WAIT_S)
        assert process.exitcode == 0
        assert names == ["MainThread"]
        assert (of_runs, watches) == ([], [])
        count = len(points(run.info.run_id))
        until(lambda: len(points(run.info.run_id)) > count)
    found = points(run.info.run_id)
    assert [step for step, _ in found] == list(range(len(found)))


def test_process_that_ends_with_an_open_run_ends_in_peace(tmp_path: Path) -> None:
    code = """
        import headrace as mlflow
        mlflow.set_system_metrics_sampling_interval(0.01)
        mlflow.enable_system_metrics_logging()
        run = mlflow.start_run()
        while not mlflow.get_run(run.info.run_id).data.metrics:
            pass
        print(run.info.run_id)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=WAIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    run = mlflow.get_run(done.stdout.strip())
    assert run.info.status == "FINISHED"
    assert list((tmp_path / ".headrace").glob("outbox/*")) == []


def test_rank_measures_for_a_run_that_another_opened(quick: None) -> None:
    run_id = mlflow.start_run().info.run_id
    key = "system/rank1/disk_usage_percentage"
    monitor = SystemMetricsMonitor(run_id, node_id="rank1")
    monitor.start()
    until(lambda: points(run_id, key))
    monitor.finish()
    monitor.finish()
    count = len(points(run_id, key))
    later = SystemMetricsMonitor(run_id, resume_logging=True, node_id="rank1")
    later.start()
    until(lambda: len(points(run_id, key)) > count)
    later.finish()
    assert [step for step, _ in points(run_id, key)] == list(range(len(points(run_id, key))))


def test_shim_has_mlflows_places() -> None:
    door = module_for("system_metrics")
    assert door is not None
    assert door.enable_system_metrics_logging is mlflow.enable_system_metrics_logging
    code = "from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor as M; print(M.__module__)"
    told = subprocess.run(
        [sys.executable, "-m", "headrace.shim", "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "headrace.client.system_metrics.monitor"
