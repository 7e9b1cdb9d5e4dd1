"""log-batch of 1,000 metrics a request, over HTTP: few keys with many steps, and many keys with one step."""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.tracking.measure import Bench, Figure, median
from benchmarks.tracking.rest import LOG_BATCH, START_MS, Rest
from benchmarks.tracking.systems import Running
from benchmarks.tracking.wrk import load

METRICS = 1000  # the most that a request may carry
WINDOWS = 100  # bodies written before; a run takes them in order
RUNS = 250  # so 25,000 requests pass before a point would repeat
SLOW_RUNS = 20  # MLflow takes a tenth of that even in a minute
CONNECTIONS = 4


@dataclass(frozen=True)
class Shape:
    keys: int
    steps: int  # of a window


FEW_KEYS = Shape(keys=10, steps=100)
MANY_KEYS = Shape(keys=1000, steps=1)


def write_windows(folder: Path, shape: Shape) -> None:
    """Bodies without their run id, numbered from 1; window w continues the steps of window w-1."""
    folder.mkdir(parents=True, exist_ok=True)
    for window in range(WINDOWS):
        metrics = [
            {
                "key": f"layer.{key}/loss",
                "value": ((key * 7919 + step * 104729) % 1_000_003) / 1_000_003,
                "timestamp": START_MS + step,
                "step": step,
            }
            for step in range(window * shape.steps, (window + 1) * shape.steps)
            for key in range(shape.keys)
        ]
        body = msgspec.json.encode({"metrics": metrics})[1:]
        (folder / f"{window + 1}.json").write_bytes(body)


def run_ids(running: Running, bench: Bench, shape: Shape) -> list[str]:
    if bench.ceiling:
        return [f"{i:032x}" for i in range(100 * RUNS)]
    rest = Rest(running.url)
    count = SLOW_RUNS if running.system.name == "mlflow" else RUNS
    return rest.runs(rest.experiment(f"ingest-{shape.keys}-keys"), count)


def check(running: Running, runs: list[str], shape: Shape) -> None:
    """An early window is there, whole: what was acknowledged was stored. (wrk never sends the very first.)"""
    history = Rest(running.url).history(runs[0], "layer.0/loss")
    steps = {int(point["step"]) for point in history}
    if missing := set(range(shape.steps, 2 * shape.steps)) - steps:
        raise AssertionError(f"{running.system.title} acknowledged points that it doesn't have: {sorted(missing)}")


def ingest(running: Running, bench: Bench, shape: Shape) -> Figure:
    """Points a second, median of the repeats."""
    windows = bench.folder / f"windows-{shape.keys}"
    write_windows(windows, shape)
    runs = run_ids(running, bench, shape)
    runs_file = bench.folder / f"runs-{shape.keys}.txt"
    runs_file.write_text("\n".join(runs) + "\n")
    first, samples, latencies = 0, [], []
    duration = bench.size.warm_s
    for repeat in range(bench.size.repeats + 1):
        fixed = (LOG_BATCH, str(runs_file), str(windows), str(WINDOWS))
        seen = load("log_batch", running.url, *fixed, str(first), connections=CONNECTIONS, duration_s=duration)
        duration = max(bench.size.duration_s, seen.duration_s)  # longer where the warm-up had to be
        first += seen.requests + 2 * CONNECTIONS  # those on the way when wrk stopped
        if repeat:
            samples.append(seen.per_s * METRICS)
            latencies.append(seen.p99_ms)
    if not bench.ceiling:
        check(running, runs, shape)
    return median(samples, p99_ms=max(latencies), connections=CONNECTIONS)


def few_keys(running: Running, bench: Bench) -> Figure:
    return ingest(running, bench, FEW_KEYS)


def many_keys(running: Running, bench: Bench) -> Figure:
    return ingest(running, bench, MANY_KEYS)
