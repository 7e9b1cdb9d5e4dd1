"""Which of the waiting calls go to an idle process now, or until when it pays to wait for more.

Whatever waits while all processes are busy goes together when one is free; most of what batching gains comes so, and
costs nobody a moment. An idle process is kept waiting only where that gains more than it costs: a call that comes right
after a batch has left must wait for the whole of it, so those that wait already may wait for the next call as long as
their time together is less than that.
"""

from __future__ import annotations

from typing import NamedTuple

from headrace.serving.batching.arrivals import Arrivals
from headrace.serving.batching.times import BatchTimes

_TIMER_S = 0.001  # a timer is no finer, so a model that is quicker isn't worth waiting for
_PATIENCE = 3.0  # gaps without a call, after which none is expected
_COMPANY = 0.5  # share of calls with others about, below which clients seem to take turns
_SHARE = 0.5  # of the latency target for the batch itself; the rest is for waiting until the one before is done


class Decision(NamedTuple):
    """size: calls that go now. Where it is 0, the policy is to be asked again at `until`, or when a call comes."""

    size: int
    until: float = 0.0


class BatchPolicy:
    """max_batch: calls. latency_target_s: for waiting and answering together; None sets no limit."""

    def __init__(self, max_batch: int, latency_target_s: float | None = None) -> None:
        self.max_batch, self.latency_target_s = max_batch, latency_target_s
        self.times, self.arrivals = BatchTimes(), Arrivals()

    def arrived(self, now: float, *, others: bool) -> None:
        """others: whether calls waited or were with the model already."""
        self.arrivals.add(now, others=others)

    def finished(self, size: int, took_s: float) -> None:
        self.times.add(size, took_s)

    def decide(self, now: float, waiting: int, oldest: float, idle: int) -> Decision:
        """waiting: calls, at least 1; oldest: when the first of them came. idle: processes, at least 1."""
        most = self._most(now - oldest)
        size = min(most, -(-waiting // idle))
        if waiting >= most or idle > 1:
            return Decision(size)
        until = self._worth_waiting_until(waiting, oldest)
        return Decision(0, until) if until > now else Decision(size)

    def _most(self, waited_s: float) -> int:
        """Batches that a call may meet on its way must fit its time. One that is late already is best helped by the
        pace of whole batches."""
        target = self.latency_target_s
        if target is None or waited_s > target:
            return self.max_batch
        return self.times.largest(target * _SHARE, self.max_batch)

    def _worth_waiting_until(self, waiting: int, oldest: float) -> float:
        """A time that may be past."""
        takes_s = self.times.of(waiting)
        gap_s = self.arrivals.gap_s
        if takes_s < _TIMER_S or self.arrivals.company < _COMPANY or waiting * gap_s >= takes_s:
            return oldest
        until = min(self.arrivals.last + _PATIENCE * gap_s, oldest + takes_s)
        if self.latency_target_s is not None:
            until = min(until, oldest + self.latency_target_s - self.times.of(waiting + 1))
        return until
