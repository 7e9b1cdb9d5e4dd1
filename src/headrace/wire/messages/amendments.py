from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, Request, Text


class OfRun(Request, kw_only=True):
    run_id: Text


class RewindMessage(Answer, kw_only=True):
    """points: how many the rewind hides, by metric."""

    rewind_id: int
    run_id: str
    step: int
    rewound_ms: int
    who: str
    points: dict[str, int] = {}


class RewindsAnswer(Answer, kw_only=True):
    rewinds: list[RewindMessage] = []


class HiddenPoints(Request, kw_only=True):
    """rewind_id: of one rewind; all if absent."""

    run_id: Text
    metric_key: Text
    rewind_id: Int64 | None = None
    max_results: Int64 | None = None
    page_token: str | None = None


class ParamCorrectionMessage(Answer, kw_only=True):
    run_id: str
    key: str
    old: str
    new: str
    corrected_ms: int
    who: str
    reason: str = ""


class ParamCorrectionsAnswer(Answer, kw_only=True):
    corrections: list[ParamCorrectionMessage] = []
