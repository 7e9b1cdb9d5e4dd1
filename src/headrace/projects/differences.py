"""Two runs of the same project, held against each other: what is the same, and what isn't."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headrace.client.data_checks import DataCheck
from headrace.entities import Metric, Run
from headrace.projects.kept import Kept
from headrace.projects.packages import read

Part = Literal["metrics", "parameters", "environment", "data"]
PARTS: tuple[Part, ...] = ("metrics", "parameters", "environment", "data")
# Of the machine at that time, not of what was computed.
_MEASURED_OF_THE_MACHINE = "system/"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """before, after: as text, numbers to the last digit; None where a run has none. note: what helps to judge it."""

    part: Part
    name: str
    before: str | None
    after: str | None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """rows: what differs, part by part. compared: how many entries each part has in either run."""

    rows: tuple[Difference, ...]
    compared: Mapping[Part, int]

    def of(self, part: Part) -> list[Difference]:
        return [row for row in self.rows if row.part == part]

    def as_dict(self) -> dict[str, Any]:
        return {
            part: {
                "compared": self.compared[part],
                "differences": [
                    {"name": row.name, "before": row.before, "after": row.after, "note": row.note or None}
                    for row in self.of(part)
                ],
            }
            for part in PARTS
        }


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two. packages: text of its packages.txt."""

    run: Run
    kept: Kept | None = None
    packages: str | None = None


def between(before: Side, after: Side, checks: Mapping[str, DataCheck] | None = None) -> Differences:
    """checks: by name of the dataset, what became of the data that `before` read."""
    parts: dict[Part, tuple[Mapping[str, str], Mapping[str, str]]] = {
        "metrics": (_metrics(before.run), _metrics(after.run)),
        "parameters": (before.run.data.params, after.run.data.params),
        "environment": (_environment(before), _environment(after)),
        "data": (_data(before.run), _data(after.run)),
    }
    rows = []
    for part, (one, other) in parts.items():
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                note = _note(part, name, before, after, checks or {})
                rows.append(Difference(part=part, name=name, before=one.get(name), after=other.get(name), note=note))
    return Differences(
        rows=tuple(rows), compared={part: len(one.keys() | other.keys()) for part, (one, other) in parts.items()}
    )


def _metrics(run: Run) -> dict[str, str]:
    """The last value of each; with its step where that isn't the first."""
    return {
        metric.key: repr(metric.value) + (f" (step {metric.step})" if metric.step else "")
        for metric in run.data.latest
        if not metric.key.startswith(_MEASURED_OF_THE_MACHINE)
    }


def _environment(side: Side) -> dict[str, str]:
    kept = side.kept
    found = read(side.packages)
    if kept is not None:
        about = {
            "commit": kept.commit,
            "environment": kept.environment.get("manager"),
            "image": kept.environment.get("image"),
            "platform": kept.platform,
        }
        found |= {name: str(value) for name, value in about.items() if value is not None}
        if kept.python and "python" not in found and kept.environment.get("manager") == "local":
            found["python"] = kept.python
    lock = side.run.data.tags.get("headrace.project.lock")
    return found if lock is None else {**found, "lock": lock}


def _data(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in run.inputs.dataset_inputs:
        name, digest = each.dataset.name, each.dataset.digest
        found[name] = f"{found[name]}, {digest}" if name in found else digest
    return found


def _note(part: Part, name: str, before: Side, after: Side, checks: Mapping[str, DataCheck]) -> str:
    if part == "metrics":
        return _distance(_value(before.run.data.latest, name), _value(after.run.data.latest, name))
    if part == "data" and name in checks:
        return checks[name].why
    return ""


def _value(metrics: list[Metric], name: str) -> float | None:
    return next((metric.value for metric in metrics if metric.key == name), None)


def _distance(one: float | None, other: float | None) -> str:
    if one is None or other is None or not math.isfinite(one) or not math.isfinite(other):
        return ""
    if one == other:
        return "at another step"
    return f"{(other - one) / abs(one):+.2g} of it" if one else f"{other - one:+.6g}"
