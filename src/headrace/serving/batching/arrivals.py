"""How soon the next call may come."""

from __future__ import annotations

_KEPT = 0.9  # of an estimate when the next call comes: some 10 count


class Arrivals:
    """gap_s: between two calls, as of late. company: the share of calls that found others there, waiting or with the
    model. A client who waits for each answer before the next question has none: nothing comes while one waits."""

    def __init__(self) -> None:
        self.gap_s = float("inf")
        self.company = 0.0
        self.last = float("-inf")

    def add(self, now: float, *, others: bool) -> None:
        gap_s = now - self.last
        self.last = now
        if self.gap_s == float("inf"):
            self.gap_s = gap_s
        else:
            self.gap_s = _KEPT * self.gap_s + (1 - _KEPT) * gap_s
        self.company = _KEPT * self.company + (1 - _KEPT) * others
