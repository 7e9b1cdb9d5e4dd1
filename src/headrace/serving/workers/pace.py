"""How many answers a second there are, as of late."""

from __future__ import annotations

import math

_WINDOW_S = 5.0  # after which an answer counts a third
_LONGEST_S = 60


class Pace:
    def __init__(self) -> None:
        self._count, self._at = 0.0, 0.0

    def add(self, now: float) -> None:
        self._fade(now)
        self._count += 1

    def per_s(self, now: float) -> float:
        self._fade(now)
        return self._count / _WINDOW_S

    def retry_after_s(self, now: float, waiting: int) -> int:
        """Until those who wait have their answers: 1 to 60 s."""
        per_s = self.per_s(now)
        return _LONGEST_S if per_s <= 0 else max(1, min(_LONGEST_S, math.ceil(waiting / per_s)))

    def _fade(self, now: float) -> None:
        if now > self._at:
            self._count *= math.exp((self._at - now) / _WINDOW_S)
            self._at = now
