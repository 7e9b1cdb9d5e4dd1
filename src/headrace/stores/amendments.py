"""What a store promises about rewinds and corrections: what is taken back is hidden, never gone, and can be asked for.

Both come as records of a journal (`RunRewound`, `ParamCorrected`), so that they are applied once and in their writer's
order, also where they were made without a server.

A rewind to step N at a moment T hides the points that were logged before T for steps later than N. Metrics of the
machine (`system/…`) stay: their steps count samples. When a point was logged is known by its writer: a writer *joins*
a run when its journal is opened, and again whenever it opens the run (`RunUpdated.joined_ms`) or rewinds it. What it
logs belongs to the time after its last joining, so that
- points of a killed process that arrive after the rewind are hidden as they come, whichever process sends them;
- points of whoever joined after T are seen, at the same steps;
- a status that a writer from before T still brings is passed over: the run is somebody else's now.
Points that come without a journal (`log_batch`) were logged when they come.

A rewind that arrives after a later one hides only what that one left visible.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from headrace.entities import Metric, Page, ParamCorrection, Rewind, limits
from headrace.entities.journal import ParamCorrected, RunRewound
from headrace.errors import InvalidValue, NotFound, shown
from headrace.stores.sampling import by_time

UNCUT_PREFIX = "system/"
MAX_WHO_CHARS = 256
MAX_REASON_CHARS = 10_000
MAX_HIDDEN_POINTS = 25_000
_DATE_DIGITS = 12


class AmendmentStore(ABC):
    @abstractmethod
    def list_rewinds(self, run_id: str) -> list[Rewind]:
        """In the order of their times. Unknown run: NotFound."""

    @abstractmethod
    def hidden_points(
        self,
        run_id: str,
        key: str,
        rewind_id: int | None = None,
        max_results: int = MAX_HIDDEN_POINTS,
        page_token: str | None = None,
    ) -> Page[Metric]:
        """Points of a metric that a rewind (None: any) hid, by rewind, then (timestamp, step, value). One that was
        logged for models stands once for each of them. max_results: points, at most 25,000. Unknown run or rewind:
        NotFound; another metric: empty."""

    @abstractmethod
    def param_corrections(self, run_id: str) -> list[ParamCorrection]:
        """In the order in which they were made here. Unknown run: NotFound."""


class Cut(Protocol):
    """A rewind, as far as it decides what is hidden."""

    @property
    def step(self) -> int: ...
    @property
    def rewound_ms(self) -> int: ...


C = TypeVar("C", bound=Cut)


def joined_ms(writer_id: str, last_ms: int | None) -> int:
    """When the writer has joined a run. last_ms: as its records say, if they do."""
    if last_ms is not None:
        return last_ms
    try:
        return int(writer_id[:_DATE_DIGITS], 16)
    except ValueError:  # an id of another kind: rather shown than hidden
        return limits.INT64_MAX


def cuts_after(rewinds: Sequence[C], joined: int) -> list[C]:
    """Those that what a writer brings was logged before. rewinds: in the order of their times."""
    return [each for each in rewinds if each.rewound_ms > joined]


def cut_of(cuts: Sequence[C], key: str, step: int) -> C | None:
    """The one that hides the point. cuts: all that it was logged before, in the order of their times."""
    if key.startswith(UNCUT_PREFIX):
        return None
    return next((each for each in cuts if step > each.step), None)


def last_step_cut(record: RunRewound, rewinds: Sequence[Cut]) -> int:
    """The rewind hides steps from record.step + 1 up to this one: later rewinds have decided about what follows."""
    return min((each.step for each in cuts_after(rewinds, record.rewound_ms)), default=limits.INT64_MAX)


def chosen(rewinds: Sequence[Rewind], run_id: str, rewind_id: int | None) -> Sequence[Rewind]:
    if rewind_id is None:
        return rewinds
    found = [each for each in rewinds if each.rewind_id == rewind_id]
    if not found:
        raise NotFound(f"rewind of run {run_id!r}", rewind_id)
    return found


def same_point(one: Metric, other: Metric) -> bool:
    return one.key == other.key and by_time(one) == by_time(other)


def in_order(points: Iterable[Metric]) -> list[Metric]:
    """One point, as it was logged with several models."""
    return sorted(points, key=lambda each: (each.model_id or "", each.dataset_name or "", each.dataset_digest or ""))


def no_param(run_id: str, key: str) -> NotFound:
    return NotFound(f"param of run {run_id!r}", key, by="key", hint=f"Log it: log_param({shown(key)}, …).")


def checked_rewind(record: RunRewound) -> RunRewound:
    limits.check_run_id("run_id", record.run_id)
    limits.check_int64("step", record.step)
    _check_when("rewound_ms", record.rewound_ms)
    _check_who(record.who)
    return record


def checked_correction(record: ParamCorrected) -> ParamCorrected:
    limits.check_run_id("run_id", record.run_id)
    limits.check_key("param name", record.key)
    limits.check_text("param value", record.value)
    limits.check_length("param value", record.value, limits.MAX_PARAM_VALUE_CHARS)
    _check_when("corrected_ms", record.corrected_ms)
    _check_who(record.who)
    limits.check_text("reason", record.reason)
    limits.check_length("reason", record.reason, MAX_REASON_CHARS)
    return record


def _check_when(field: str, value: int) -> None:
    if not 0 <= value <= limits.INT64_MAX:
        raise InvalidValue(field, value, "milliseconds since 1970 are needed, 0 or more.")


def _check_who(who: str) -> None:
    limits.check_text("who", who)
    limits.check_length("who", who, MAX_WHO_CHARS)
