"""Documents of runs that were read before, good for as long as nobody has written the run.

Kept under the run's number in `run_change`, which every transaction that writes a run moves: a look at the database
tells whether a document still holds, whichever process wrote. A search of 1,000 unchanged runs takes 4 ms so, 20 ms
without.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

from headrace.stores.documents import RunDocument

MOST_BYTES = 16 << 20  # some 6,000 runs of 35 items
OVERHEAD_BYTES = 900  # of a document beside its JSON


class DocumentCache:
    """Thread safe. Forgets first what was used last the longest time ago."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self.lock = threading.Lock()
        self.kept: OrderedDict[int, tuple[int, RunDocument, int]] = OrderedDict()

    def find(self, versions: Iterable[tuple[int, int]]) -> dict[int, RunDocument]:
        """By run, those that are of the given (run, number)."""
        found: dict[int, RunDocument] = {}
        with self.lock:
            for ref, seq in versions:
                entry = self.kept.get(ref)
                if entry is not None and entry[0] == seq:
                    self.kept.move_to_end(ref)
                    found[ref] = entry[1]
        return found

    def keep(self, documents: Iterable[tuple[int, int, RunDocument]]) -> None:
        """(run, number, document) as one snapshot had them."""
        with self.lock:
            for ref, seq, document in documents:
                size = OVERHEAD_BYTES + sum(
                    memoryview(part).nbytes for part in (document.metrics, document.params, document.tags)
                )
                there = self.kept.pop(ref, None)
                self.bytes += size - (there[2] if there is not None else 0)
                self.kept[ref] = (seq, document, size)
            while self.bytes > self.most_bytes:
                self.bytes -= self.kept.popitem(last=False)[1][2]
