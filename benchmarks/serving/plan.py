"""What is measured, in which unit, and what it should be."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.serving import rows
from benchmarks.serving.rows import Figures, Setup


@dataclass(frozen=True, kw_only=True)
class Row:
    """measure: makes the figures of all systems, one after the other."""

    id: str
    title: str
    unit: str
    measure: Callable[[Setup], dict[str, Figures]]
    target: str
    better: str = "higher"


ROWS = [
    Row(
        id="sklearn-1",
        title="scikit-learn pipeline on iris, 1 row a request as `dataframe_split`, 8 connections",
        unit="requests/s",
        measure=rows.sklearn_rows(1),
        target="≥ 10 × MLflow, ≥ 3 × FastAPI",
    ),
    Row(
        id="overhead",
        title="the same, one at a time, over `predict` alone",
        unit="ms",
        measure=rows.overhead,
        target="≤ 0.5",
        better="lower",
    ),
    Row(
        id="sklearn-1000",
        title="the same, 1,000 rows a request, 8 connections",
        unit="requests/s",
        measure=rows.sklearn_rows(1000),
        target="≥ 5 × MLflow",
    ),
    Row(
        id="batching",
        title=f"a model that sleeps 5 ms, 6 ms for 32; 64 connections, latency target {rows.LATENCY_TARGET_MS} ms",
        unit="requests/s",
        measure=rows.batching,
        target=f"≥ 8 × unbatched, p99 ≤ {rows.LATENCY_TARGET_MS} ms",
    ),
    Row(
        id="chat-1",
        title="chat with the tiny Phi-3 (int4), 16 tokens, 1 client",
        unit="requests/s",
        measure=rows.chat(1),
        target="≥ 400, p50 ≤ 3 ms, ≤ 120 MB",
    ),
    Row(
        id="chat-8",
        title="the same, 8 clients",
        unit="requests/s",
        measure=rows.chat(8),
        target="≥ 700, p50 ≤ 12 ms",
    ),
    Row(
        id="first-token",
        title="its first streamed token",
        unit="ms",
        measure=rows.first_token,
        target="≤ 5",
        better="lower",
    ),
    Row(
        id="mid-1",
        title="chat with a Phi-3 of 32 M parameters (int4), 64 tokens, 1 client",
        unit="tokens/s",
        measure=rows.mid(1),
        target="≥ 90 % of the engine's own",
    ),
    Row(
        id="mid-8",
        title="the same, 8 clients",
        unit="tokens/s",
        measure=rows.mid(8),
        target="≥ 1,300",
    ),
    Row(
        id="ready",
        title="first answer after the start of the command, over loading the model",
        unit="s",
        measure=rows.ready,
        target="≤ 1",
        better="lower",
    ),
    Row(
        id="memory",
        title="memory (PSS) of 4 workers over that of 1, weights of 1 GB that are mapped",
        unit="×",
        measure=rows.memory,
        target="≤ 1.3",
        better="lower",
    ),
]
