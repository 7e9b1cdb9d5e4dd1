"""What was taken back in a run, and by whom: nothing of it is gone."""

from __future__ import annotations

import msgspec


class Rewind(msgspec.Struct, frozen=True):
    """The run went on from `step`: what had been logged for later steps until then is hidden.

    rewind_id: of this rewind in its store. rewound_ms: when, by the clock of the process that did it. who: as that
    process, or the server that knows its users, says. points: how many are hidden, by metric.
    """

    rewind_id: int
    run_id: str
    step: int
    rewound_ms: int
    who: str
    points: dict[str, int] = {}


class ParamCorrection(msgspec.Struct, frozen=True):
    """corrected_ms: when, by the clock of the process that did it."""

    run_id: str
    key: str
    old: str
    new: str
    corrected_ms: int
    who: str
    reason: str = ""
