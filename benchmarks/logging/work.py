"""One client at work: `python work.py SYSTEM URI SIZE_JSON FOLDER` prints its figures as JSON.

Runs in the client's own environment; each system gives a way to log one value, to log many, and to end.
"""

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

clock = time.perf_counter


class Headrace:
    waits = False

    def __init__(self, uri: str, folder: Path) -> None:
        os.environ["HEADRACE_JOURNAL_DIR"] = str(folder / "journal")
        os.environ["HEADRACE_FLUSH_TIMEOUT"] = "0.5" if uri.endswith(":9") else "120"
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        import logging

        import headrace

        logging.getLogger("headrace").setLevel(logging.ERROR)
        headrace.set_tracking_uri(uri)
        self.client = headrace
        headrace.start_run()

    def one(self, step: int) -> None:
        self.client.log_metric("loss", step * 0.5, step=step)

    def many(self, values: dict[str, float], step: int) -> None:
        self.client.log_metrics(values, step=step)

    def flush(self) -> None:
        from headrace.client.open import tracking_sink

        assert tracking_sink().flush(120)

    def end(self) -> None:
        self.client.end_run()


class Mlflow:
    waits = True
    synchronous = True

    def __init__(self, uri: str, folder: Path) -> None:  # noqa: ARG002
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
        import mlflow

        mlflow.set_tracking_uri(uri)
        self.client = mlflow
        mlflow.start_run()

    def one(self, step: int) -> None:
        self.client.log_metric("loss", step * 0.5, step=step, synchronous=self.synchronous)

    def many(self, values: dict[str, float], step: int) -> None:
        self.client.log_metrics(values, step=step, synchronous=self.synchronous)

    def flush(self) -> None:
        if not self.synchronous:
            self.client.flush_async_logging()

    def end(self) -> None:
        self.client.end_run()


class MlflowAsync(Mlflow):
    synchronous = False


class Trackio:
    waits = False

    def __init__(self, uri: str, folder: Path) -> None:  # noqa: ARG002
        os.environ["TRACKIO_DIR"] = str(folder)
        import trackio

        self.client = trackio
        trackio.init(project="bench", embed=False)

    def one(self, step: int) -> None:
        self.client.log({"loss": step * 0.5}, step=step)

    def many(self, values: dict[str, float], step: int) -> None:
        self.client.log(values, step=step)

    def flush(self) -> None:
        """It has no such call."""

    def end(self) -> None:
        self.client.finish()


class Wandb:
    waits = False

    def __init__(self, uri: str, folder: Path) -> None:  # noqa: ARG002
        os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(folder)}
        import wandb

        self.run = wandb.init(project="bench", dir=str(folder))

    def one(self, step: int) -> None:
        self.run.log({"loss": step * 0.5}, step=step)

    def many(self, values: dict[str, float], step: int) -> None:
        self.run.log(values, step=step)

    def flush(self) -> None:
        """It has no such call."""

    def end(self) -> None:
        self.run.finish()


SYSTEMS: dict[str, Any] = {
    "headrace": Headrace,
    "mlflow": Mlflow,
    "mlflow-async": MlflowAsync,
    "trackio": Trackio,
    "wandb": Wandb,
}


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def timed(call: Callable[[int], None], count: int, start: int, pause_s: float = 0) -> list[float]:
    taken = []
    for step in range(start, start + count):
        began = clock()
        call(step)
        taken.append(clock() - began)
        if pause_s:
            time.sleep(pause_s)
    return taken


def p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


def main(name: str, uri: str, size: dict[str, int], folder: Path) -> dict[str, float]:
    client = SYSTEMS[name](uri, folder)
    found: dict[str, float] = {}
    calls = size["slow_calls"] if client.waits else size["calls"]
    if uri.endswith(":9"):  # nobody is there
        taken = timed(client.one, calls, 0)
        return {"down": statistics.median(taken) * 1e6, "down-p99": p99(taken) * 1e6}
    timed(client.one, min(calls, 100), 0)
    client.flush()
    before, began = resident_mb(), clock()
    taken = timed(client.one, calls, 1000)
    found["rate"] = calls / (clock() - began)
    found["memory"] = resident_mb() - before
    found["call"], found["call-p99"] = statistics.median(taken) * 1e6, p99(taken) * 1e6
    client.flush()
    if not client.waits:
        found["paced-p99"] = p99(timed(client.one, size["paced"], 1000 + calls, 0.001)) * 1e6
        client.flush()
    values = {f"key{number}": number * 0.5 for number in range(100)}
    hundreds = max(3, size["hundreds"] // 100) if client.waits else size["hundreds"]
    began = clock()
    for step in range(hundreds):
        client.many(values, step)
    client.flush()
    if name not in ("trackio", "wandb"):  # these say nothing of an arrival
        found["arrival"] = hundreds * 100 / (clock() - began)
    if name == "headrace":
        found |= pending(client, size["pending"], folder)
    began = clock()
    client.end()
    found["end"] = clock() - began
    return found


def pending(client: Any, count: int, folder: Path) -> dict[str, float]:
    """What waits is logged faster than it can be sent; then the process has to end."""
    from headrace.client.outbox import sender

    sender.LINGER_S = 3600.0  # the sender sleeps until it is asked to hurry
    files = folder / "journal"
    before = sum(path.stat().st_size for path in files.glob("*.journal"))
    for step in range(count):
        client.client.log_metric("pending", step * 0.5, step=step)
    size = sum(path.stat().st_size for path in files.glob("*.journal")) - before
    began = clock()
    client.flush()
    return {"drain": clock() - began, "bytes": size / count}


if __name__ == "__main__":
    folder = Path(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    print("FIGURES " + json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), folder)), flush=True)
