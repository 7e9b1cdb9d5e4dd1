"""A picture of a comparison: each column's reference beside what was served, and how far it was off over time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from headrace.lazy import optional_import
from headrace.monitoring import measures
from headrace.monitoring.gather import Window
from headrace.monitoring.report import Finding, Report
from headrace.packaging.profile import Column, Profile

MOST_COLUMNS = 24  # drawn; those that moved most
_SHOWN_CATEGORIES = 12
_BARS = 20
_REFERENCE, _SERVED, _ALARM = "#9aa5b1", "#2563a8", "#c0392b"


def draw(report: Report, reference: Profile, served: Profile, windows: Sequence[Window]) -> bytes:
    """PNG."""
    figures = optional_import("matplotlib.figure", extra="monitor", why="to draw drift")
    shown = sorted((one for one in report.findings if one.psi is not None), key=lambda one: -(one.psi or 0.0))
    shown = shown[:MOST_COLUMNS]
    rows = max(len(shown), 1)
    figure = figures.Figure(figsize=(11, 1.1 + 2.1 * rows), layout="constrained")
    figure.suptitle(_title(report), fontsize=11, x=0.01, ha="left")
    axes = figure.subplots(rows, 2, squeeze=False, width_ratios=[3, 2])
    for (left, right), finding in zip(axes, shown, strict=False):
        _distributions(left, finding, _column(reference, finding), _column(served, finding))
        _course(right, finding, reference, windows, report.limits.least_rows)
    if not shown:
        for axis in axes[0]:
            axis.set_axis_off()
        axes[0][0].text(0, 0.5, "No column had rows enough on both sides to be compared.")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=110)
    return content.getvalue()


def _title(report: Report) -> str:
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (report.traffic.first_ms, report.traffic.last_ms))
    outcome = "; ".join(report.alarms) if report.alarms else "nothing has drifted"
    return (
        f"{report.model} (revision {report.revision}): {report.traffic.requests:,} requests, "
        f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC\nagainst {report.reference}: {_cut(outcome, 110)}"
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _column(profile: Profile, finding: Finding) -> Column:
    return (profile.inputs if finding.side == "input" else profile.outputs)[finding.column]


def _distributions(axis: Any, finding: Finding, reference: Column, served: Column) -> None:
    color = _ALARM if finding.verdict == "drift" else _SERVED
    if finding.test == "chi2":
        assert reference.categories
        assert served.categories
        names, expected, actual = measures.in_categories(reference.categories, served.categories)
        kept = [place for place in range(len(names)) if expected[place] or actual[place]]
        kept = sorted(kept, key=lambda place: -max(expected[place], actual[place]))[:_SHOWN_CATEGORIES]
        at = np.arange(len(kept))
        axis.bar(at - 0.2, expected[kept] / expected.sum(), 0.4, color=_REFERENCE, label="reference")
        axis.bar(at + 0.2, actual[kept] / actual.sum(), 0.4, color=color, label="served")
        axis.set_xticks(at, [_cut(names[place], 14) for place in kept], fontsize=7)
    else:
        assert reference.quantiles
        assert served.quantiles
        ends = np.concatenate([reference.quantiles.at([0.005, 0.995]), served.quantiles.at([0.005, 0.995])])
        low, high = ends.min(), ends.max()
        edges = np.linspace(low, high if high > low else low + 1, _BARS + 1)
        for side, shade, name in ((reference, _REFERENCE, "reference"), (served, color, "served")):
            assert side.quantiles
            shares = np.diff(side.quantiles.share_up_to(edges))
            shares[0] += side.quantiles.share_up_to(edges[:1])[0]
            axis.stairs(shares, edges, fill=True, color=shade, alpha=0.55, label=name)
            axis.stairs(shares, edges, color=shade)
    lengths = ", length in characters" if finding.measure == "lengths" else ""
    axis.set_title(f"{finding.side} {_cut(finding.column, 40)}{lengths}", fontsize=9, loc="left")
    axis.set_ylabel("share", fontsize=8)
    axis.tick_params(labelsize=7)
    axis.legend(fontsize=7, frameon=False)


def _course(axis: Any, finding: Finding, reference: Profile, windows: Sequence[Window], least_rows: int) -> None:
    expected = _column(reference, finding)
    points = [
        (datetime.fromtimestamp((window.start_ms + window.end_ms) / 2000, UTC), size)
        for window in windows
        if (size := _size(expected, window.profile, finding, least_rows)) is not None
    ]
    if points:
        axis.plot(*zip(*points, strict=True), marker="o", markersize=3, color=_SERVED)
    limit = finding.psi_limit or 0.0
    axis.axhline(limit, color=_ALARM, linewidth=1, linestyle="--")
    axis.set_ylim(0, max([1.5 * limit, *(1.1 * size for _, size in points)]) or 1)
    if not points:
        axis.set_xticks([])
        axis.text(0.02, 0.06, f"no stretch of time has {least_rows} rows", transform=axis.transAxes, fontsize=8)
    axis.set_title(f"PSI {finding.psi:.3f}, limit {limit:g}, {finding.verdict}", fontsize=9, loc="left")
    axis.tick_params(labelsize=7)
    axis.tick_params(axis="x", labelrotation=20)


def _size(expected: Column, profile: Profile, finding: Finding, least_rows: int) -> float | None:
    columns = profile.inputs if finding.side == "input" else profile.outputs
    served = columns.get(finding.column)
    if served is None or served.kind != expected.kind or served.present < least_rows:
        return None
    if finding.test == "chi2" and expected.categories and served.categories:
        _, p, q = measures.in_categories(expected.categories, served.categories)
        return measures.psi(p, q)
    if expected.quantiles and served.quantiles and served.quantiles.count:
        return measures.psi(*measures.in_bins(expected.quantiles, served.quantiles))
    return None
