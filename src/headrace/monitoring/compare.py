"""Two profiles, judged column by column."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headrace.monitoring import measures
from headrace.monitoring.report import Finding, Limits
from headrace.packaging.profile import Column, Profile

NOT_COMPARED = ("other", "time")  # arrays and objects; and times, which move on by nature

Side = Literal["input", "output"]


def compare(reference: Profile, served: Profile, limits: Limits) -> list[Finding]:
    """Inputs first, each side in the reference's order; columns that only one side has are told too. p-values are
    adjusted together."""
    found = [
        _measured(name, side, columns.get(name), others.get(name), limits)
        for side, columns, others in _sides(reference, served)
        for name in dict.fromkeys([*columns, *others])
        if name not in limits.ignored
    ]
    return [_judged(finding, limits) for finding in _adjusted(found)]


def _sides(reference: Profile, served: Profile) -> list[tuple[Side, dict[str, Column], dict[str, Column]]]:
    return [("input", reference.inputs, served.inputs), ("output", reference.outputs, served.outputs)]


def _measured(name: str, side: Side, reference: Column | None, served: Column | None, limits: Limits) -> Finding:
    """With raw p-values."""
    if reference is None or served is None:
        known = reference or served
        assert known is not None
        return Finding(
            column=name,
            side=side,
            kind=known.kind,
            verdict="no reference" if reference is None else "too few",
            reference_rows=reference.count if reference else 0,
            served_rows=served.count if served else 0,
        )
    made = Finding(
        column=name,
        side=side,
        kind=reference.kind if reference.kind != "empty" else served.kind,
        verdict="ok",
        reference_rows=reference.count,
        served_rows=served.count,
        reference_missing=reference.missing_share,
        served_missing=served.missing_share,
        psi_limit=limits.columns.get(name, limits.psi),
    )
    if min(reference.count, served.count) < limits.least_rows:
        return msgspec.structs.replace(made, verdict="too few")
    rows = (reference.missing, reference.count), (served.missing, served.count)
    made = msgspec.structs.replace(made, missing_p_value=measures.shares_differ(*rows))
    if "empty" in (reference.kind, served.kind):
        return made
    if reference.kind != served.kind:
        return msgspec.structs.replace(made, verdict="drift", why=f"it was {reference.kind}, and is {served.kind} now")
    if reference.kind in NOT_COMPARED or min(reference.present, served.present) < limits.least_rows:
        return made
    return msgspec.structs.replace(made, **_figures(reference, served))


def _figures(reference: Column, served: Column) -> dict[str, Any]:
    if reference.categories and served.categories and not reference.categories.discreet().free:
        _, expected, actual = measures.in_categories(reference.categories, served.categories)
        test = measures.chi2(expected, actual)
        unseen = 0 if reference.categories.other else int(actual[-1])
        return _test(test, measures.psi(expected, actual)) | {"unseen": unseen}
    if not reference.quantiles or not served.quantiles or not reference.quantiles.count or not served.quantiles.count:
        return {}  # nothing but infinite numbers
    size = measures.psi(*measures.in_bins(reference.quantiles, served.quantiles))
    measure = "lengths" if reference.kind == "text" else "values"
    return _test(measures.ks(reference.quantiles, served.quantiles), size) | {"measure": measure}


def _test(test: measures.Difference, size: float) -> dict[str, Any]:
    return {"test": test.name, "statistic": test.statistic, "p_value": test.p_value, "psi": size}


def _adjusted(found: list[Finding]) -> list[Finding]:
    places = [
        (place, field)
        for place, finding in enumerate(found)
        for field in ("p_value", "missing_p_value")
        if getattr(finding, field) is not None
    ]
    adjusted = measures.holm([getattr(found[place], field) for place, field in places])
    made = list(found)
    for (place, field), p in zip(places, adjusted, strict=True):
        made[place] = msgspec.structs.replace(made[place], **{field: p})
    return made


def _judged(finding: Finding, limits: Limits) -> Finding:
    if finding.verdict != "ok":
        return finding
    reasons = []
    size, limit = finding.psi or 0.0, finding.psi_limit or 0.0
    if finding.p_value is not None and finding.p_value < limits.alpha and size >= limit:
        reasons.append(f"its {finding.measure} moved: PSI {size:.2f}, limit {limit:g}")
    gap = finding.served_missing - finding.reference_missing
    if finding.missing_p_value is not None and finding.missing_p_value < limits.alpha and abs(gap) >= limits.missing:
        reasons.append(f"missing: {finding.served_missing:.0%} instead of {finding.reference_missing:.0%}")
    if not reasons and finding.kind in NOT_COMPARED:
        return msgspec.structs.replace(finding, verdict="not comparable")
    if not reasons:
        return finding
    return msgspec.structs.replace(finding, verdict="drift", why="; ".join(reasons))
