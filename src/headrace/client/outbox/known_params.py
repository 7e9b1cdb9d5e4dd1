from __future__ import annotations

import threading
from collections.abc import Sequence

from headrace.stores import checks

MAX_RUNS, MAX_PARAMS = 64, 10_000


class KnownParams:
    """Values that this process gave to params, by run, so that a call which changes one raises at once. Bounded: what
    is forgotten, the store refuses later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, dict[str, str]] = {}

    def check(self, run_id: str, params: Sequence[tuple[str, str]]) -> None:
        if not params:
            return
        with self._lock:
            known = self._runs.pop(run_id, {})
            self._runs[run_id] = known  # the last used last
            for key, value in params:
                if known.get(key, value) != value:
                    raise checks.param_conflict(run_id, key, known[key], value)
            if len(known) < MAX_PARAMS:
                known.update(params)
            while len(self._runs) > MAX_RUNS:
                del self._runs[next(iter(self._runs))]

    def correct(self, run_id: str, key: str, value: str) -> None:
        with self._lock:
            known = self._runs.get(run_id)
            if known is not None and key in known:
                known[key] = value
