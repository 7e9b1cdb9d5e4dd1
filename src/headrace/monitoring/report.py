"""What a comparison says, as it is printed, stored and sent."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["ok", "drift", "too few", "no reference", "not comparable"]
"""too few: rows, on one side, to judge by. not comparable: arrays, objects and times, of which only the share of
missing ones is judged."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """A column has drifted where a test's p, adjusted for the number of tests, is under alpha (so it is no accident)
    and its psi reaches the limit (so it matters). missing: the same of the share of missing values, as a difference.
    refused: of requests that the schema refused, a share. columns: limits of psi by column. ignored: columns that are
    left out. least_rows: of each side."""

    psi: float = 0.2
    alpha: float = 0.01
    missing: float = 0.05
    refused: float = 0.05
    least_rows: int = 100
    columns: dict[str, float] = {}
    ignored: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one column. side: input or output. measure: what was compared, values or, of free text, lengths. p_value:
    adjusted. unseen: values that the reference never had, where it keeps all it had. why: of a drift."""

    column: str
    side: Literal["input", "output"]
    kind: str
    verdict: Verdict
    reference_rows: int = 0
    served_rows: int = 0
    measure: Literal["values", "lengths"] = "values"
    test: str | None = None
    statistic: float | None = None
    p_value: float | None = None
    psi: float | None = None
    psi_limit: float | None = None
    reference_missing: float = 0.0
    served_missing: float = 0.0
    missing_p_value: float | None = None
    unseen: int = 0
    why: str = ""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Of a figure of requests: how many have it, and its quantiles."""

    count: int
    p50: float
    p95: float
    p99: float


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """The requests that were looked at. refused: by the model's schema or code, with fields where known. unread:
    accepted ones that couldn't be looked into, by reason. spreads: duration_s, first_part_s, prompt_tokens,
    completion_tokens. sampled: the share of all requests that were kept, the smallest where it changed."""

    requests: int
    first_ms: int
    last_ms: int
    statuses: dict[str, int] = {}
    refused: int = 0
    refused_fields: dict[str, int] = {}
    unread: dict[str, int] = {}
    spreads: dict[str, Spread] = {}
    sampled: float = 1.0

    @property
    def refused_share(self) -> float:
        return self.refused / self.requests if self.requests else 0.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """model: its address; revision: of the model, as its server told it. at_ms: when it was made."""

    model: str
    revision: str
    at_ms: int
    reference: str
    limits: Limits
    traffic: Traffic
    findings: list[Finding]
    alarms: list[str]

    @property
    def drifted(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.verdict == "drift"]
