"""Which of the waiting calls go to an idle process now, or until when it pays to wait for more.

Whatever waits while all processes are busy goes together when one is free; most of what batching gains comes so, and
costs nobody a moment. An idle process is kept waiting only where that gains more than it costs. A call that comes right
after a batch has left waits for the whole of it: that is what each of those that are expected would gain; what it costs
is the time that all of them wait until then.
"""

from __future__ import annotations

from typing import NamedTuple

from headrace.serving.batching.returns import Returns
from headrace.serving.batching.times import BatchTimes

_TIMER_S = 0.001  # a timer is no finer, so a model that is quicker isn't worth waiting for
_SHARE = 0.5  # of the latency target for the batch itself; the rest is for waiting until the one before is done
_CERTAIN = 0.5  # of a call, below which none is expected


class Decision(NamedTuple):
    """size: calls that go now. Where it is 0, the policy is to be asked again at `until`, or when a call comes."""

    size: int
    until: float = 0.0


class BatchPolicy:
    """max_batch: calls. latency_target_s: for waiting and answering together; None sets no limit."""

    def __init__(self, max_batch: int, latency_target_s: float | None = None) -> None:
        self.max_batch, self.latency_target_s = max_batch, latency_target_s
        self.times, self.returns = BatchTimes(), Returns()

    def arrived(self, now: float) -> None:
        self.returns.add(now)

    def finished(self, now: float, size: int, took_s: float) -> None:
        self.times.add(size, took_s)
        self.returns.finished(now, size)

    def decide(self, now: float, waiting: int, oldest: float, idle: int) -> Decision:
        """waiting: calls, at least 1; oldest: when the first of them came. idle: processes, at least 1."""
        most = self._most(now - oldest)
        size = min(most, -(-waiting // idle))
        if waiting >= most or idle > 1:
            return Decision(size)
        until = self._worth_waiting_until(now, waiting, oldest)
        return Decision(0, until) if until > now else Decision(size)

    def _most(self, waited_s: float) -> int:
        """Batches that a call may meet on its way must fit its time. One that is late already is best helped by the
        pace of whole batches."""
        target = self.latency_target_s
        if target is None or waited_s > target:
            return self.max_batch
        return self.times.largest(target * _SHARE, self.max_batch)

    def _worth_waiting_until(self, now: float, waiting: int, oldest: float) -> float:
        """`now` where it isn't."""
        takes_s = self.times.of(waiting)
        if takes_s < _TIMER_S:
            return now
        best, gain_s = now, 0.0
        for until, more in self.returns.expected(now):
            if more < _CERTAIN:
                continue
            if self.latency_target_s is not None:
                done = until + self.times.of(waiting + round(more))
                if done - oldest > self.latency_target_s:
                    break
            # They come, on average, in the middle of the time.
            gains_s = more * takes_s - (waiting + more / 2) * (until - now)
            if gains_s > gain_s:
                best, gain_s = until, gains_s
        return best
