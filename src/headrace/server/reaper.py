"""Looks every few seconds for runs whose process is gone, and ends them.

Owners can't be heard while this server or its database is away. So a lease counts from when both were there again; and
a look that comes late (the machine slept) counts as such a time, too.
"""

from __future__ import annotations

import logging
import threading

from headrace import clock, settings
from headrace.errors import HeadraceError
from headrace.stores.leases import ReapingStore

LATE = 3  # times the interval

_log = logging.getLogger(__name__)


class Reaper:
    def __init__(self, store: ReapingStore, interval_s: float) -> None:
        self._store, self._interval_s = store, interval_s
        self._stopping = threading.Event()
        self._ready_ms = self._looked_ms = clock.now_ms()
        self._thread = threading.Thread(target=self._run, name="headrace-reaper", daemon=True)

    @classmethod
    def of_settings(cls, store: object) -> Reaper | None:
        """None where this process is told not to look, or the store leases no runs."""
        interval_s = settings.REAP_INTERVAL_S.get()
        return cls(store, interval_s) if isinstance(store, ReapingStore) and interval_s > 0 else None

    def start(self) -> None:
        self._ready_ms = self._looked_ms = clock.now_ms()
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        now = clock.now_ms()
        if not 0 <= now - self._looked_ms <= LATE * 1000 * self._interval_s:
            self._ready_ms = now
        self._looked_ms = now
        try:
            for run_id in self._store.reap(now - self._ready_ms):
                _log.warning("Run %s has ended: its process isn't heard from any more.", run_id)
        except HeadraceError as error:
            self._ready_ms = clock.now_ms()
            _log.warning("Runs whose process is gone can't be looked for; it is tried again. %s", error.message)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            self.look()
