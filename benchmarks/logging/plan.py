"""What is measured, in which unit, and what it should be."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    id: str
    title: str
    unit: str
    target: str
    better: str = "lower"


@dataclass(frozen=True, kw_only=True)
class Size:
    """calls: in a tight loop. slow_calls: of a client that waits for a server each time. paced: one a millisecond."""

    calls: int
    slow_calls: int
    paced: int
    hundreds: int
    pending: int


FULL = Size(calls=200_000, slow_calls=300, paced=3000, hundreds=3000, pending=1_000_000)
QUICK = Size(calls=20_000, slow_calls=50, paced=300, hundreds=300, pending=100_000)

ROWS = (
    Row(id="call", title="log_metric in the training thread, median", unit="µs", target="≤ 10"),
    Row(id="call-p99", title="the same, p99", unit="µs", target="≤ 100"),
    Row(id="paced-p99", title="one call a millisecond, p99", unit="µs", target="≤ 100"),
    Row(id="down", title="log_metric while the server is down, median", unit="µs", target="≤ 10"),
    Row(id="down-p99", title="the same, p99", unit="µs", target="≤ 100"),
    Row(id="rate", title="calls sustained by one process", unit="calls/s", target="≥ 100,000", better="higher"),
    Row(id="memory", title="memory that these calls add", unit="MB", target="none that grows"),
    Row(
        id="arrival",
        title="points that arrive, by calls of 100 keys",
        unit="points/s",
        target="≥ 300,000",
        better="higher",
    ),
    Row(id="drain", title="end of a process with 1 M points pending", unit="s", target="< 10"),
    Row(id="bytes", title="journal, a point", unit="bytes", target="< 40"),
)
PEERS = {
    "headrace": "Headrace",
    "mlflow": "MLflow",
    "mlflow-async": "MLflow async",
    "trackio": "trackio",
    "wandb": "W&B offline",
}
