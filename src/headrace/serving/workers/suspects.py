"""Calls that a process died with, one of which may have killed it. When they come again, each goes alone: whichever it
was doesn't take the others with it a second time."""

from __future__ import annotations

from headrace.serving.call import Call

_MOST = 4096


class Suspects:
    def __init__(self) -> None:
        self._known: dict[int, None] = {}

    def __contains__(self, call: Call) -> bool:
        return bool(self._known) and _key(call) in self._known

    def add(self, call: Call) -> None:
        self._known[_key(call)] = None
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]

    def clear(self, call: Call) -> None:
        """It was answered."""
        if self._known:
            self._known.pop(_key(call), None)


def _key(call: Call) -> int:
    return hash((call.kind, call.content_type, call.body))
