"""Says to the stores, from one thread, that the runs that are open in this process have somebody who writes them.

The thread starts with the first run and ends with the last. Where a store can't be reached it is silent: a lease counts
from when the store could be reached. A run that began without a server is claimed once the server has it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import NamedTuple

from headrace import clock, settings
from headrace.client import termination
from headrace.client.open import opened_store
from headrace.client.outbox.open import HURRY_S, OFFLINE
from headrace.client.outbox.unmet import is_missed
from headrace.errors import Conflict, HeadraceError, NotSupported
from headrace.stores.base import TrackingStore
from headrace.stores.leases import LeaseStore

BEATS_A_LEASE = 4
LEAVING_S = 0.2  # what the end of a run waits for a heartbeat that is on its way

log = logging.getLogger("headrace.outbox")


class _Claim(NamedTuple):
    uri: str
    shared: bool


class Heartbeats:
    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child, too: the runs are the parent's."""
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{clock.hex_id()[:8]}"
        self._lock = threading.Lock()
        self._claims: dict[str, _Claim] = {}
        self._fresh: dict[str, _Claim] = {}  # not told to the store yet
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: set[str] = set()

    def claim(self, run_id: str, uri: str, shared: bool) -> None:
        lease_s = settings.LEASE_S.get()
        if lease_s <= 0 or uri.startswith(OFFLINE) or settings.OFFLINE.get():
            return
        with self._lock:
            self._claims[run_id] = self._fresh[run_id] = _Claim(uri, shared)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, args=(lease_s,), name="headrace-heartbeats", daemon=True
                )
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter ends, and starts no thread any more
                    self._thread = None
        self._wake.set()

    def release(self, run_id: str) -> None:
        """Its end, or its deletion, tells the store."""
        with self._lock:
            self._claims.pop(run_id, None)
            self._fresh.pop(run_id, None)
            thread = None if self._claims else self._thread
        if thread is not None:
            self._wake.set()
            thread.join(LEAVING_S)

    def _run(self, lease_s: float) -> None:
        stores = _Stores()
        all_at_s = 0.0
        while True:
            self._wake.wait(max(0.0, all_at_s - clock.monotonic_s()))
            self._wake.clear()
            now_s = clock.monotonic_s()
            with self._lock:
                if not self._claims:
                    self._thread = None
                    break
                due = self._fresh
                if now_s >= all_at_s:
                    due, all_at_s = dict(self._claims), now_s + lease_s / BEATS_A_LEASE
                self._fresh = {}
            away: set[str] = set()
            for run_id, claim in due.items():
                if run_id in self._claims and claim.uri not in away and not self._beat(stores, run_id, claim, lease_s):
                    away.add(claim.uri)
        stores.close()

    def _beat(self, stores: _Stores, run_id: str, claim: _Claim, lease_s: float) -> bool:
        """False where the store can't be reached."""
        try:
            store = stores.at(claim.uri)
            if store is not None:
                lost = "KILLED" if termination.asked_to_end() else "FAILED"
                store.heartbeat(run_id, self._owner, int(1000 * lease_s), claim.shared, lost)
        except Conflict as error:
            if run_id not in self._told:
                self._told.add(run_id)
                log.warning("%s", error.message)
        except NotSupported:
            stores.give_up(claim.uri)
        except HeadraceError as error:
            return not is_missed(error)
        except Exception as error:  # noqa: BLE001 — a thread's top: a run goes on without heartbeats
            log.debug("No heartbeat for run %s: %s", run_id, error)
        return True


class _Stores:
    """Servers are asked over connections of our own, which don't wait long."""

    def __init__(self) -> None:
        self._opened: dict[str, LeaseStore | None] = {}
        self._own: list[TrackingStore] = []

    def at(self, uri: str) -> LeaseStore | None:
        if uri not in self._opened:
            store = self._open(uri)
            self._opened[uri] = store if isinstance(store, LeaseStore) else None
        return self._opened[uri]

    def give_up(self, uri: str) -> None:
        self._opened[uri] = None

    def close(self) -> None:
        for store in self._own:
            store.close()

    def _open(self, uri: str) -> TrackingStore:
        if not uri.startswith(("http:", "https:")):
            return opened_store(uri)
        from headrace.client.rest_store import open_rest_store

        store = open_rest_store(uri, hurry_s=HURRY_S)
        self._own.append(store)
        return store


_of_process = Heartbeats()


def claim(run_id: str, uri: str, shared: bool) -> None:
    _of_process.claim(run_id, uri, shared)


def release(run_id: str) -> None:
    _of_process.release(run_id)


os.register_at_fork(after_in_child=_of_process.start_anew)
