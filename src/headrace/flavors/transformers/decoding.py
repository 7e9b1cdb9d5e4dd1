"""Tokens into text while they come: no half characters, no special tokens, nothing decoded twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_BROKEN = "\ufffd"
Decode = Callable[[Sequence[int]], str]


class Spelling:
    """Of one answer. A token's text may depend on the one before (spaces), so two windows are compared: what was shown
    last with and without what is new."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._start = self._shown = 0

    def push(self, token: int) -> str:
        """What can be shown now that it couldn't before."""
        self._ids.append(token)
        before = self._decode(self._ids[self._start : self._shown])
        now = self._decode(self._ids[self._start :])
        if len(now) <= len(before) or now.endswith(_BROKEN):
            return ""
        self._start, self._shown = self._shown, len(self._ids)
        return now[len(before) :]

    def flush(self) -> str:
        """The rest, broken or not, at the end."""
        before = self._decode(self._ids[self._start : self._shown])
        now = self._decode(self._ids[self._start :])
        self._start = self._shown = len(self._ids)
        return now[len(before) :]
