"""What is measured, in which unit, and what it should be."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

Figures = dict[str, Any]  # what work.py printed
MEGA = 1e6


@dataclass(frozen=True, kw_only=True)
class Row:
    """value: of what work.py printed. note: what stands beside the value in its cell."""

    id: str
    work: str
    title: str
    unit: str
    value: Callable[[Figures], float]
    target: str
    better: str = "lower"
    note: Callable[[Figures], str] = lambda _: ""


def _first(found: Figures) -> str:
    return f"first in a process: {found['first'] * 1e3:,.0f}"


ROWS = [
    Row(
        id="log-sklearn",
        work="log_sklearn",
        title="log_model of a scikit-learn pipeline, with signature",
        unit="ms",
        value=lambda found: median(found["again"]) * 1e3,
        target="≤ 150",
        note=_first,
    ),
    Row(
        id="log-sklearn-example",
        work="log_sklearn_example",
        title="the same with an input example, which is tried",
        unit="ms",
        value=lambda found: median(found["again"]) * 1e3,
        target="≤ 150",
        note=_first,
    ),
    Row(
        id="log-transformers",
        work="log_transformers",
        title="log_model of a tiny Phi-3 pipeline, task llm/v1/chat",
        unit="ms",
        value=lambda found: median(found["again"]) * 1e3,
        target="≤ 150",
        note=_first,
    ),
    Row(
        id="load-overhead",
        work="load_sklearn",
        title="pyfunc.load_model, over reading the file with skops",
        unit="ms",
        value=lambda found: (median(found["took"]) - median(found["own"])) * 1e3,
        target="≤ 20",
    ),
    Row(
        id="predict-overhead",
        work="predict_one_row",
        title="predict, 1 row × 20 columns with signature, of a model that does nothing",
        unit="µs",
        value=lambda found: min(found["took"]) * 1e6,
        target="≤ 60",
    ),
    Row(
        id="predict-iris",
        work="predict_iris",
        title="predict on one row of iris, over the pipeline's own predict",
        unit="µs",
        value=lambda found: median(a - b for a, b in zip(found["took"], found["own"], strict=True)) * 1e6,
        target="",
        note=lambda found: f"the pipeline itself: {median(found['own']) * 1e6:,.0f}",
    ),
    Row(
        id="enforce-columns",
        work="enforce_columns",
        title="input of 600 columns enforced",
        unit="ms",
        value=lambda found: min(found["took"]) * 1e3,
        target="≤ 2",
    ),
    Row(
        id="enforce-rows",
        work="enforce_rows",
        title="1 M rows × 20 columns enforced, half of them widened",
        unit="M values/s",
        value=lambda found: found["values"] / min(found["took"]) / MEGA,
        target="≥ 20",
        better="higher",
    ),
    Row(
        id="log-big",
        work="log_big",
        title="2 GB logged to a local store, over the larger of copying it and its SHA-256 on one core",
        unit="×",
        value=lambda found: median(
            took / max(copy, digest)
            for took, copy, digest in zip(found["took"], found["copy"], found["sha256"], strict=True)
        ),
        target="≤ 1.1",
        note=lambda found: f"{median(found['took']):.1f} s, memory + {found['grown_mb']:,.0f} MB",
    ),
]
