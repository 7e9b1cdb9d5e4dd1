"""Rung when a delivery is put into a queue of this process, so that whoever sends them need not wait for the next look.

It rings inside the transaction, before the COMMIT: who was woken looks again after a moment if nothing is there yet.
"""

from __future__ import annotations

import threading
import weakref

_waiting: weakref.WeakSet[threading.Event] = weakref.WeakSet()
_lock = threading.Lock()


def listen(event: threading.Event) -> None:
    """From now on, as long as somebody holds the event."""
    with _lock:
        _waiting.add(event)


def ring() -> None:
    with _lock:
        for event in _waiting:
            event.set()
