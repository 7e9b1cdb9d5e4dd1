"""One small request at a time: a point, or a whole small run."""

import msgspec

from benchmarks.tracking.dataset import run_data
from benchmarks.tracking.measure import Bench, Figure, median
from benchmarks.tracking.rest import CREATE_RUN, LOG_BATCH, LOG_METRIC, START_MS, Rest
from benchmarks.tracking.systems import Running
from benchmarks.tracking.wrk import load

CONNECTIONS = 8
CLIENTS = 4


def log_metric(running: Running, bench: Bench) -> Figure:
    """Requests a second over 8 connections into 8 runs."""
    rest = Rest(running.url)
    runs = [f"{i:032x}" for i in range(CONNECTIONS)]
    if not bench.ceiling:
        runs = rest.runs(rest.experiment("log-metric"), CONNECTIONS)
    runs_file = bench.folder / "runs-single.txt"
    runs_file.write_text("\n".join(runs) + "\n")
    first, acknowledged, samples, latencies = 0, 0, [], []
    duration = bench.size.warm_s
    for repeat in range(bench.size.repeats + 1):
        args = (LOG_METRIC, str(runs_file), str(first))
        seen = load("log_metric", running.url, *args, connections=CONNECTIONS, duration_s=duration)
        duration = max(bench.size.duration_s, seen.duration_s)  # longer where the warm-up had to be
        first += seen.requests + 2 * CONNECTIONS
        if repeat:
            samples.append(seen.per_s)
            latencies.append(seen.p99_ms)
        acknowledged += seen.requests
    if not bench.ceiling:
        stored = sum(len(rest.history(run_id, "loss")) for run_id in runs)
        if stored < acknowledged:
            raise AssertionError(f"{running.system.title} lost points: {stored} of {acknowledged}")
    return median(samples, p99_ms=max(latencies), connections=CONNECTIONS)


def create_runs(running: Running, bench: Bench) -> Figure:
    """Runs a second that 4 clients make: create, then one log-batch of 20 params and 10 metrics."""
    rest = Rest(running.url)
    experiment = "1" if bench.ceiling else rest.experiment("create-runs")
    data = run_data(1)
    create, batch = bench.folder / "create.json", bench.folder / "batch.json"
    body = {"experiment_id": experiment, "user_id": "bench", "start_time": START_MS, "run_name": "bench run"}
    create.write_bytes(msgspec.json.encode(body))
    batch.write_bytes(msgspec.json.encode({"metrics": data["metrics"], "params": data["params"]})[1:])
    samples, latencies = [], []
    duration = bench.size.warm_s
    for repeat in range(bench.size.repeats + 1):
        args = (CREATE_RUN, LOG_BATCH, str(create), str(batch))
        seen = load("create_runs", running.url, *args, connections=CLIENTS, threads=CLIENTS, duration_s=duration)
        duration = max(bench.size.duration_s, seen.duration_s)  # longer where the warm-up had to be
        if repeat:
            samples.append(seen.extra / seen.duration_s)
            latencies.append(seen.p99_ms)
    return median(samples, p99_ms_of_a_request=max(latencies), clients=CLIENTS)
