"""A report in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.cli import cells
from headrace.cli.output import fields, table

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from headrace.entities import Run
    from headrace.monitoring.report import Finding, Report, Spread

_NUMBERS = ("Rows then", "Rows now", "Statistic", "p", "PSI", "Missing then", "now")


def shown(report: Report, run: Run | None) -> Group:
    from rich.console import Group

    parts: list[RenderableType] = [fields(_pairs(report, run)), ""]
    parts.append(
        table(
            ["Column", "Kind", *_NUMBERS[:2], "Test", *_NUMBERS[2:], "Verdict"],
            [_row(finding) for finding in report.findings],
            right=_NUMBERS,
        )
    )
    parts += ["", *(f"ALARM  {cells.plain(text)}" for text in report.alarms)]
    if not report.alarms:
        parts.append("Nothing has drifted.")
    return Group(*parts)


def _pairs(report: Report, run: Run | None) -> list[tuple[str, object]]:
    traffic = report.traffic
    sampled = "" if traffic.sampled == 1 else f", a sample of {traffic.sampled:.0%}"
    pairs: list[tuple[str, object]] = [
        ("model", f"{report.model}, revision {report.revision}"),
        ("requests", f"{traffic.requests:,}{sampled}"),
        ("time", f"{cells.time(traffic.first_ms)} to {cells.time(traffic.last_ms)}"),
        ("compared with", report.reference),
        ("refused", f"{traffic.refused:,} ({traffic.refused_share:.1%})"),
    ]
    names = {
        "duration_s": ("latency", "ms", 1000.0),
        "first_part_s": ("first part", "ms", 1000.0),
        "prompt_tokens": ("prompt tokens", "", 1.0),
        "completion_tokens": ("answer tokens", "", 1.0),
    }
    for key, (name, unit, scale) in names.items():
        if key in traffic.spreads:
            pairs.append((name, _spread(traffic.spreads[key], unit, scale)))
    pairs += [("not looked into", f"{count:,}: {reason}") for reason, count in traffic.unread.items()]
    if run is not None:
        pairs.append(("run", run.info.run_id))
    return pairs


def _spread(spread: Spread, unit: str, scale: float) -> str:
    values = ", ".join(
        f"{name} {cells.number(float(f'{value * scale:.3g}'))}{' ' * bool(unit)}{unit}"
        for name, value in (("p50", spread.p50), ("p95", spread.p95), ("p99", spread.p99))
    )
    return f"{values} of {spread.count:,}"


def _row(finding: Finding) -> list[object]:
    side = "" if finding.side == "input" else " (output)"
    kind = f"{finding.kind} (lengths)" if finding.measure == "lengths" else finding.kind
    return [
        f"{cells.one_line(finding.column, 60)}{side}",
        kind,
        f"{finding.reference_rows:,}",
        f"{finding.served_rows:,}",
        finding.test or cells.MISSING,
        _figure(finding.statistic, ".3g"),
        _figure(finding.p_value, ".2g"),
        _figure(finding.psi, ".3f"),
        f"{finding.reference_missing:.1%}",
        f"{finding.served_missing:.1%}",
        finding.verdict.upper() if finding.verdict == "drift" else finding.verdict,
    ]


def _figure(value: float | None, form: str) -> str:
    return cells.MISSING if value is None else format(value, form)
