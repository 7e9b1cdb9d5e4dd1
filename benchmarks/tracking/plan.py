"""The rows of the table, in its order, and which share a server."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.tracking.measure import Alone, Row, Serve
from benchmarks.tracking.rows import ingest, install, read, series, single


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows measured one after another on the same server and database."""

    id: str
    rows: Sequence[tuple[Row, Serve]]


@dataclass(frozen=True, kw_only=True)
class Solo:
    row: Row
    measure: Alone


OURS = ("headrace",)
PYTHON_CLIENTS = ("mlflow", "headrace")

INGEST = Group(
    id="ingest",
    rows=[
        (
            Row(
                id="ingest-few-keys",
                title="log-batch of 1,000 metrics, 10 keys × 100 steps",
                unit="points/s",
                better="higher",
                target="≥ 300,000",
                has_ceiling=True,
            ),
            ingest.few_keys,
        ),
        (
            Row(
                id="ingest-many-keys",
                title="log-batch of 1,000 metrics, 1,000 keys × 1 step",
                unit="points/s",
                better="higher",
                target="≥ 100,000",
                has_ceiling=True,
            ),
            ingest.many_keys,
        ),
    ],
)
SINGLE = Group(
    id="single",
    rows=[
        (
            Row(
                id="log-metric",
                title="log-metric, 8 connections",
                unit="requests/s",
                better="higher",
                target="≥ 4,000",
                has_ceiling=True,
            ),
            single.log_metric,
        ),
        (
            Row(
                id="create-runs",
                title="create run + 20 params + 10 metrics, 4 clients",
                unit="runs/s",
                better="higher",
                target="≥ 800",
                has_ceiling=True,
            ),
            single.create_runs,
        ),
    ],
)
READ = Group(
    id="read",
    rows=[
        (
            Row(
                id="search-whole",
                title="search: 1,000 runs with 20 params, 10 metrics, 5 tags each",
                unit="ms",
                better="lower",
                target="≤ 35",
            ),
            read.search_whole,
        ),
        (
            Row(
                id="search-filtered",
                title="search: filter and order by metrics, first 100 of 1,000 runs",
                unit="ms",
                better="lower",
                target="≤ 6",
            ),
            read.search_filtered,
        ),
        (Row(id="get-run", title="get run", unit="ms", better="lower", target="≤ 1"), read.get_run),
    ],
)
SCALE = Group(
    id="scale",
    rows=[
        (
            Row(
                id="search-scale",
                title="search: filter and order by metrics, first 100 of 100,000 runs",
                unit="ms",
                better="lower",
                target="≤ 60",
            ),
            read.search_at_scale,
        )
    ],
)
CHART = Group(
    id="chart",
    rows=[
        (
            Row(
                id="chart",
                title="chart of a 1 M-point series, 1,000 buckets",
                unit="ms",
                better="lower",
                target="≤ 30",
                systems=PYTHON_CLIENTS,
            ),
            series.chart,
        )
    ],
)
GROUPS = (INGEST, SINGLE, READ, SCALE, CHART)

SOLOS = (
    Solo(
        row=Row(
            id="append",
            title="append to a 10 M-point series while merges run, p99",
            unit="ms",
            better="lower",
            target="≤ 10 (max ≤ 50)",
            systems=OURS,
        ),
        measure=series.append_p99,
    ),
    Solo(
        row=Row(id="ready", title="server ready", unit="s", better="lower", target="≤ 1"),
        measure=install.ready,
    ),
    Solo(
        row=Row(id="memory", title="server resident memory, idle", unit="MB", better="lower", target="≤ 90"),
        measure=install.idle_memory,
    ),
    Solo(
        row=Row(
            id="import-time",
            title="`import`, time",
            unit="s",
            better="lower",
            target="≤ 0.1",
            systems=PYTHON_CLIENTS,
        ),
        measure=install.import_time,
    ),
    Solo(
        row=Row(
            id="import-memory",
            title="`import`, resident memory",
            unit="MB",
            better="lower",
            target="≤ 35",
            systems=PYTHON_CLIENTS,
        ),
        measure=install.import_memory,
    ),
    Solo(
        row=Row(
            id="size",
            title="installed size of the default package",
            unit="MB",
            better="lower",
            target="≤ 160",
            systems=PYTHON_CLIENTS,
        ),
        measure=install.installed_size,
    ),
)
ROWS = [row for group in GROUPS for row, _ in group.rows] + [solo.row for solo in SOLOS]
