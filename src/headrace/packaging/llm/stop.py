"""Stop words in text that comes in pieces.

A stop word and what follows it never reach the reader, also when it is split over pieces: text that may turn out to be
the beginning of a stop word is held back until it is known. Of several, the one that is complete first counts, so the
answer doesn't depend on how the text is cut.
"""

from __future__ import annotations

from collections.abc import Sequence


class StopFilter:
    """`push` each piece and pass on what it returns; `hit` is the stop word once one came; `flush` gives the rest."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = tuple(stops)
        self.hit: str | None = None
        self._held = ""

    def push(self, piece: str) -> str:
        """What may be shown now. After a hit: nothing more."""
        if self.hit is not None:
            return ""
        if not self.stops:
            return piece
        text = self._held + piece
        found = [(start + len(stop), start, stop) for stop in self.stops if (start := text.find(stop)) >= 0]
        if found:
            _, start, self.hit = min(found)
            self._held = ""
            return text[:start]
        shown = len(text) - max(_open_end(text, stop) for stop in self.stops)
        self._held = text[shown:]
        return text[:shown]

    def flush(self) -> str:
        """What was held back and is no stop word, now that the text has ended."""
        rest, self._held = self._held, ""
        return rest


def _open_end(text: str, stop: str) -> int:
    """Length of the longest end of the text that a stop word begins with."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop word, and whether there was one."""
    words = StopFilter(stops)
    shown = words.push(text)
    return shown + words.flush(), words.hit is not None
