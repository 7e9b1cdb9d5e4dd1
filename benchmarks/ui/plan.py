"""The rows of the table: what each is of the samples that a step of the browser's scripts gives."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Samples = Mapping[str, Sequence[float]]
Figures = dict[str, Any]  # value, note, samples: as a result holds them
OURS, BOTH = ("headrace",), ("headrace", "mlflow")


@dataclass(frozen=True, kw_only=True)
class Row:
    """step: whose samples they are; a row of both systems is a step of both."""

    id: str
    title: str
    unit: str
    step: str
    figure: Callable[[Samples], Figures]
    target: str = ""
    better: str = "lower"
    systems: Sequence[str] = OURS


def middle(
    name: str, scale: float = 1.0, note: Callable[[Samples], str] = lambda _: ""
) -> Callable[[Samples], Figures]:
    """The median of the samples of that name."""

    def figure(samples: Samples) -> Figures:
        scaled = [each * scale for each in samples[name]]
        return {"value": statistics.median(scaled), "note": note(samples), "samples": scaled}

    return figure


def _median(samples: Samples, name: str) -> float:
    return statistics.median(samples[name])


def _answers(samples: Samples) -> str:
    return f"{_median(samples, 'bytes') / 1e6:.2f} MB in {_median(samples, 'responses'):.0f} answers"


def _longest(samples: Samples) -> str:
    return f"longest {_median(samples, 'longest'):.0f} ms, {_median(samples, 'tasks'):.0f} tasks of 1 ms or more"


def _by_address(samples: Samples) -> str:
    return f"by its address {_median(samples, 'address') / 1000:.2f} s; {_median(samples, 'kilobytes') / 1000:.1f} MB"


def growth(samples: Samples) -> Figures:
    """Of the heap from the second sample to the mean of the last three, when all that is loaded lazily has been."""
    heap = samples["heap"]
    first, last = heap[1], statistics.mean(heap[-3:])
    nodes, listeners = samples["nodes"], samples["listeners"]
    note = (
        f"{samples['seconds'][-1] / 60:.0f} min: {first:.1f} → {last:.1f} MB, nodes {nodes[1]:.0f} → {nodes[-1]:.0f}, "
        f"listeners {listeners[1]:.0f} → {listeners[-1]:.0f}"
    )
    return {"value": (last / first - 1) * 100, "note": note, "samples": dict(samples)}


ROWS = (
    Row(
        id="open-many-cold",
        title="first run name of 100,000 runs painted, nothing cached",
        unit="s",
        step="openMany",
        figure=middle("cold", 1e-3, _answers),
        target="≤ 1",
    ),
    Row(
        id="open-many-warm",
        title="the same, opened again",
        unit="s",
        step="openMany",
        figure=middle("warm", 1e-3),
        target="≤ 1",
    ),
    Row(
        id="script",
        title="JavaScript for that page, compressed",
        unit="KB",
        step="openMany",
        figure=middle("scriptBytes", 1e-3),
        target="≤ 350",
    ),
    Row(
        id="scroll",
        title="its table scrolled through 1,600 runs, main-thread tasks of 1 ms or more, p95",
        unit="ms",
        step="scroll",
        figure=middle("p95", 1, _longest),
        target="≤ 16",
    ),
    Row(
        id="filter",
        title="its filter with three conditions: Enter to the answer painted",
        unit="ms",
        step="filter",
        figure=middle("answer"),
        target="≤ 300",
    ),
    Row(
        id="charts",
        title="10 charts of 100 runs × 10,000 points, from the click to the last line drawn",
        unit="s",
        step="charts",
        figure=middle("tab", 1e-3, _by_address),
        target="≤ 1",
    ),
    Row(
        id="zoom",
        title="one of them zoomed",
        unit="ms",
        step="charts",
        figure=middle("zoom"),
        target="≤ 150",
    ),
    Row(
        id="open-wide",
        title="first run name of an experiment with 10,000 metric keys",
        unit="s",
        step="openWide",
        figure=middle("cold", 1e-3, _answers),
        target="≤ 1",
    ),
    Row(
        id="open-compared-cold",
        title="first run name of 2,000 runs, nothing cached",
        unit="s",
        step="openCompared",
        figure=middle("cold", 1e-3, _answers),
        systems=BOTH,
    ),
    Row(
        id="open-compared-warm",
        title="the same, opened again",
        unit="s",
        step="openCompared",
        figure=middle("warm", 1e-3),
        systems=BOTH,
    ),
    Row(
        id="open-compared-bytes",
        title="what came in for it",
        unit="MB",
        step="openCompared",
        figure=middle("bytes", 1e-6),
        systems=BOTH,
    ),
    Row(
        id="chart-compared",
        title="one chart of 100 runs × 1,000 points, from its address to the last line drawn",
        unit="s",
        step="chart",
        figure=middle("address", 1e-3, lambda samples: f"{_median(samples, 'kilobytes') / 1000:.1f} MB"),
        systems=BOTH,
    ),
    Row(
        id="soak",
        title="table and charts open while 50 values arrive each half second: growth of their heap",
        unit="%",
        step="soak",
        figure=growth,
        target="flat",
    ),
)
