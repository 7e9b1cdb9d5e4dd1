"""The thread that gives each watch its turn; it lives while there are any."""

from __future__ import annotations

import atexit
import os
import threading

from headrace import clock
from headrace.client.system_metrics.sensors import log, prepare
from headrace.client.system_metrics.watch import Plan, Watch, step_after
from headrace.entities import Run

_LONGEST_WAIT_S = 3600.0  # a lock can't wait for ever and a day


class Sampler:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """In a forked child: its parent has the thread, and maybe the lock."""
        self._changed = threading.Condition()
        self._watches: list[Watch] = []
        self._thread: threading.Thread | None = None

    def add(self, watch: Watch) -> None:
        with self._changed:
            self._watches.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="headrace-system-metrics", daemon=True)
                try:
                    self._thread.start()
                except RuntimeError:  # the interpreter ends, and starts no thread any more
                    self._thread = None
            self._changed.notify()

    def remove(self, watch: Watch) -> None:
        """Of a watch that a fork has from its parent, nothing is touched."""
        with self._changed:
            if watch not in self._watches:
                return
            self._watches.remove(watch)
            self._changed.notify()
        watch.end()

    def remove_all(self) -> None:
        with self._changed:
            watches = list(self._watches)
        for watch in watches:
            self.remove(watch)

    def _work(self) -> None:
        while (watch := self._next()) is not None:
            try:
                watch.turn()
            except Exception:  # noqa: BLE001 — the thread's top: the other runs are still measured
                log.exception("System metrics of a run end here.")
                self.remove(watch)

    def _next(self) -> Watch | None:
        with self._changed:
            while self._watches:
                watch = min(self._watches, key=lambda one: one.due_s)
                wait_s = watch.due_s - clock.monotonic_s()
                if wait_s <= 0:
                    return watch
                self._changed.wait(min(wait_s, _LONGEST_WAIT_S))
            self._thread = None
            return None


sampler = Sampler()
_of_runs: dict[str, Watch] = {}


def watch_run(run: Run, uri: str, plan: Plan, *, resumed: bool) -> None:
    """From now until `leave_run`."""
    prepare()
    if run.info.run_id not in _of_runs:
        watch = _of_runs[run.info.run_id] = Watch(run.info.run_id, uri, plan, step_after(run) if resumed else 0)
        sampler.add(watch)


def leave_run(run_id: str) -> None:
    watch = _of_runs.pop(run_id, None)
    if watch is not None:
        sampler.remove(watch)


# Exit handlers run last come, first served: after that of the runs, before that of the stores.
atexit.register(sampler.remove_all)
os.register_at_fork(after_in_child=sampler.forget)
os.register_at_fork(after_in_child=_of_runs.clear)
