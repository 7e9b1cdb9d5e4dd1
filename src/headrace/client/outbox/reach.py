"""The store, where it can be reached; what is done without it, where not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from headrace import settings
from headrace.client.outbox.stock import takes_journals
from headrace.client.outbox.unmet import is_missed
from headrace.errors import HeadraceError
from headrace.stores.base import TrackingStore

T = TypeVar("T")

log = logging.getLogger("headrace.outbox")


class Reach:
    """connect: opens the store, which must not wait long for a server that doesn't answer; None: offline on purpose."""

    def __init__(self, connect: Callable[[], TrackingStore] | None) -> None:
        self._connect = connect
        self._store: TrackingStore | None = None
        self._takes_journals: bool | None = None
        self._lock = threading.Lock()
        self._known: set[tuple[str, str]] = set()

    @property
    def offline(self) -> bool:
        return self._connect is None

    def store(self) -> TrackingStore:
        assert self._connect is not None, "asked only where there is one"
        with self._lock:
            if self._store is None:
                self._store = self._connect()
            return self._store

    def takes_journals(self) -> bool:
        """Whether the store does; asked once."""
        store = self.store()
        if self._takes_journals is None:
            self._takes_journals = takes_journals(store)
        return self._takes_journals

    def ask(self, call: Callable[[TrackingStore], T], otherwise: Callable[[], T]) -> T:
        """call's answer; otherwise's where the store doesn't answer, or only says that it can't. A refusal of what the
        caller asked is the caller's. HEADRACE_STRICT raises in both cases."""
        if self._connect is None:
            return otherwise()
        try:
            found = call(self.store())
        except HeadraceError as error:
            if not is_missed(error) or settings.STRICT.get():
                raise
            self._warn(error)
            return otherwise()
        self._known.clear()
        return found

    def _warn(self, error: HeadraceError) -> None:
        cause = (type(error).__name__, error.error_code)
        if cause not in self._known:
            self._known.add(cause)
            log.warning("The tracking store can't be reached; logging goes on without it. %s", error.message)
