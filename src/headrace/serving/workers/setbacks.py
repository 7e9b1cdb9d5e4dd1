"""Processes that end again and again: how long to wait before the next, and when to say that it is hopeless."""

from __future__ import annotations

_FIRST_S = 0.1
_LONGEST_S = 30.0
_HOPELESS = 5


class Setbacks:
    """in_a_row: without any answer between them. reason: of the last."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self.total = 0
        self.reason = ""

    def add(self, reason: str) -> None:
        self.in_a_row += 1
        self.total += 1
        self.reason = reason

    def answered(self) -> None:
        self.in_a_row = 0

    @property
    def hopeless(self) -> bool:
        return self.in_a_row >= _HOPELESS

    @property
    def delay_s(self) -> float:
        """Before the next start; none after a single one."""
        return 0.0 if self.in_a_row <= 1 else min(_LONGEST_S, _FIRST_S * 2.0 ** (self.in_a_row - 2))
