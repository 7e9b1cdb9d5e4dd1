"""How many calls come soon after an answer, above those that come at any time.

Clients who wait for each answer before their next question come back together, soon after a batch is answered: it may
pay to wait for them. Others come whenever they like, after the answer no more than later: waiting only moves them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

_KEPT = 0.97  # of an estimate when the next batch is answered: some 30 count
WITHIN_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
_MOST = 1024  # calls between two answers whose times are kept


class Returns:
    """In terms of rounds, from one batch's answer to the next."""

    def __init__(self) -> None:
        # Faded sums over rounds: calls that the answer before was for, that came within each time, and that came in
        # the second half of the round, with the length of those halves.
        self._answered = 0.0
        self._came = [0.0] * len(WITHIN_S)
        self._late, self._late_s = 0.0, 0.0
        # Of this round.
        self._size, self._since = 0, 0.0
        self._offsets_s: list[float] = []

    def finished(self, now: float, size: int) -> None:
        """A batch of that size was answered."""
        if self._size:
            half_s = (now - self._since) / 2
            self._answered = _KEPT * self._answered + self._size
            for place, within_s in enumerate(WITHIN_S):
                self._came[place] = _KEPT * self._came[place] + bisect_right(self._offsets_s, within_s)
            self._late = _KEPT * self._late + len(self._offsets_s) - bisect_left(self._offsets_s, half_s)
            self._late_s = _KEPT * self._late_s + half_s
        self._size, self._since = size, now
        self._offsets_s.clear()

    def add(self, now: float) -> None:
        """A call came."""
        if len(self._offsets_s) < _MOST:
            self._offsets_s.append(now - self._since)

    def expected(self, now: float) -> Iterator[tuple[float, float]]:
        """Times from now on, in order, and how many more calls are back by then; rather fewer than too many."""
        if self._answered <= 0:
            return
        passed_s = now - self._since
        share = self._size / self._answered
        per_s = self._late / self._late_s if self._late_s > 0 else 0.0
        here = max(len(self._offsets_s), self._by(passed_s) * share)
        for place, within_s in enumerate(WITHIN_S):
            if within_s > passed_s:
                came = self._came[place] - math.sqrt(self._came[place])  # as counts vary
                anyway = per_s * (within_s - passed_s)
                yield self._since + within_s, max(0.0, came * share - here - anyway)

    def _by(self, passed_s: float) -> float:
        """Between two of the times, in proportion."""
        place = bisect_left(WITHIN_S, passed_s)
        if place == len(WITHIN_S):
            return self._came[-1]
        before_s, before = (WITHIN_S[place - 1], self._came[place - 1]) if place else (0.0, 0.0)
        part = (passed_s - before_s) / (WITHIN_S[place] - before_s)
        return before + part * (self._came[place] - before)
