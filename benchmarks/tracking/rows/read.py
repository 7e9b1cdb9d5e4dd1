"""Reads, one client after the answer of another: the latency that a person or a script waits."""

from typing import Any

import msgspec

from benchmarks.tracking.dataset import METRICS, PARAMS, TAGS, fill
from benchmarks.tracking.direct import fill_directly
from benchmarks.tracking.measure import Bench, Figure, median
from benchmarks.tracking.rest import PREFIX, SEARCH_RUNS, Rest
from benchmarks.tracking.systems import Running
from benchmarks.tracking.wrk import load

FILTER = "metrics.m0 > 0.5 AND metrics.m1 < 0.9"
ORDER = ["metrics.m2 DESC"]
FIRST = 100
BY_API = 20  # the other runs are put into the database


def seeded(running: Running, bench: Bench, count: int) -> tuple[str, str]:
    """(experiment id, a run's id) of `count` runs of the data set on this server, made at the first call."""
    note = bench.folder / f"seeded-{count}.json"
    if not note.exists():
        rest = Rest(running.url)
        experiment = rest.experiment(f"search-{count}")
        by_api = min(count, BY_API)
        run_id = fill(rest, experiment, by_api)
        if by_api < count:
            fill_directly(running.system.name, running.database, experiment, range(by_api, count))
        note.write_bytes(msgspec.json.encode([experiment, run_id]))
    experiment, run_id = msgspec.json.decode(note.read_bytes())
    return experiment, run_id


def latency(running: Running, bench: Bench, method: str, path: str, body: Any = None) -> Figure:
    """Median over the repeats of each repeat's median, one connection. Slow servers get longer repeats."""
    file = bench.folder / "request.json"
    file.write_bytes(msgspec.json.encode(body) if body is not None else b"")
    args = (method, path, "-" if body is None else str(file))
    warm = load("fixed", running.url, *args, connections=1, duration_s=bench.size.warm_s)
    duration = max(bench.size.duration_s, warm.duration_s)
    samples, tails = [], []
    for _ in range(bench.size.repeats):
        seen = load("fixed", running.url, *args, connections=1, duration_s=duration)
        samples.append(seen.p50_ms)
        tails.append(seen.p99_ms)
    return median(samples, p99_ms=max(tails))


def search_body(experiment: str) -> dict[str, Any]:
    return {
        "experiment_ids": [experiment],
        "filter": FILTER,
        "order_by": ORDER,
        "max_results": FIRST,
    }


def check_whole(runs: list[dict[str, Any]], count: int) -> None:
    assert len(runs) == count, f"{len(runs)} runs instead of {count}"
    for run in runs:
        data = run["data"]
        found = (len(data["metrics"]), len(data["params"]), len(data["tags"]))
        assert found[:2] == (METRICS, PARAMS), found
        assert found[2] >= TAGS, found


def search_whole(running: Running, bench: Bench) -> Figure:
    experiment, _ = seeded(running, bench, bench.size.search_runs)
    body = {"experiment_ids": [experiment], "max_results": bench.size.search_runs}
    check_whole(Rest(running.url).post(SEARCH_RUNS, body)["runs"], bench.size.search_runs)
    return latency(running, bench, "POST", SEARCH_RUNS, body)


def check_filtered(rest: Rest, body: dict[str, Any]) -> None:
    rows = [{m["key"]: m["value"] for m in run["data"]["metrics"]} for run in rest.post(SEARCH_RUNS, body)["runs"]]
    assert rows, "the filter matched nothing"
    assert all(row["m0"] > 0.5 and row["m1"] < 0.9 for row in rows)
    keys = [row["m2"] for row in rows]
    assert keys == sorted(keys, reverse=True)


def search_first(running: Running, bench: Bench, count: int) -> Figure:
    experiment, _ = seeded(running, bench, count)
    body = search_body(experiment)
    check_filtered(Rest(running.url), body)
    return latency(running, bench, "POST", SEARCH_RUNS, body)


def search_filtered(running: Running, bench: Bench) -> Figure:
    return search_first(running, bench, bench.size.search_runs)


def search_at_scale(running: Running, bench: Bench) -> Figure:
    return search_first(running, bench, bench.size.many_runs)


def get_run(running: Running, bench: Bench) -> Figure:
    _, run_id = seeded(running, bench, bench.size.search_runs)
    check_whole([Rest(running.url).get(f"{PREFIX}/runs/get", run_id=run_id)["run"]], 1)
    return latency(running, bench, "GET", f"{PREFIX}/runs/get?run_id={run_id}")
