from __future__ import annotations

from collections.abc import Iterable

from headrace.entities import ParamCorrection, Rewind
from headrace.wire.messages import amendments as m


def rewind_messages(rewinds: Iterable[Rewind]) -> list[m.RewindMessage]:
    return [
        m.RewindMessage(
            rewind_id=each.rewind_id,
            run_id=each.run_id,
            step=each.step,
            rewound_ms=each.rewound_ms,
            who=each.who,
            points=each.points,
        )
        for each in rewinds
    ]


def rewinds(messages: Iterable[m.RewindMessage]) -> list[Rewind]:
    return [Rewind(each.rewind_id, each.run_id, each.step, each.rewound_ms, each.who, each.points) for each in messages]


def correction_messages(corrections: Iterable[ParamCorrection]) -> list[m.ParamCorrectionMessage]:
    return [
        m.ParamCorrectionMessage(
            run_id=each.run_id,
            key=each.key,
            old=each.old,
            new=each.new,
            corrected_ms=each.corrected_ms,
            who=each.who,
            reason=each.reason,
        )
        for each in corrections
    ]


def corrections(messages: Iterable[m.ParamCorrectionMessage]) -> list[ParamCorrection]:
    return [
        ParamCorrection(each.run_id, each.key, each.old, each.new, each.corrected_ms, each.who, each.reason)
        for each in messages
    ]
