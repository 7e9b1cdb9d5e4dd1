"""What is measured, in which unit, and what it should be."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.projects import work
from benchmarks.projects.work import Figures, Setup


@dataclass(frozen=True, kw_only=True)
class Row:
    """measure: makes the figures of both systems, turn by turn."""

    id: str
    title: str
    unit: str
    measure: Callable[[Setup], dict[str, Figures]]
    target: str
    better: str = "lower"


ROWS = [
    Row(
        id="again-local",
        title="a run with `--env-manager local`, over its command alone",
        unit="s",
        measure=work.again_local,
        target="≤ 0.4",
    ),
    Row(
        id="again-uv",
        title="a run in a uv environment that is there already, over its command alone",
        unit="s",
        measure=work.again_uv,
        target="≤ 0.4",
    ),
    Row(
        id="first-environment",
        title="first run with numpy, pandas and scikit-learn, wheels in the cache; MLflow by its virtualenv",
        unit="s",
        measure=work.first_environment,
        target="≥ 3 × quicker",
    ),
    Row(
        id="sweep",
        title="200 trials of a 10 ms command, 2 at a time; MLflow: runs one after the other in one process",
        unit="trials/s",
        measure=work.sweep,
        target="≥ 10",
        better="higher",
    ),
]
