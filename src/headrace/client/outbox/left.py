"""Journals that ended processes have left in a folder: a process that sends its own sends them, too."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from headrace.client.outbox.delivery import Delivery
from headrace.client.outbox.files import Segment, journals
from headrace.client.outbox.replay import replay
from headrace.errors import HeadraceError

log = logging.getLogger("headrace.outbox")


class LeftJournals:
    """own: the writer whose journal isn't one of them."""

    def __init__(self, folder: Path, own: str) -> None:
        self._folder, self._own = folder, own
        self._told: set[str] = set()  # writers whose journals can't be delivered

    def deliver(self, delivery: Delivery, level: int) -> None:
        """level: at which it is told that there were some."""
        for writer_id, segments in journals(self._folder).items():
            if writer_id != self._own:
                self._replay(writer_id, segments, delivery, level)

    def _replay(self, writer_id: str, segments: Sequence[Segment], delivery: Delivery, level: int) -> None:
        try:
            found = replay(self._folder, writer_id, segments, delivery, remove=True)
        except FileNotFoundError:  # its process, or another one, has sent and removed it meanwhile
            return
        except HeadraceError as error:
            if writer_id not in self._told:
                log.warning("What an ended process left in %s isn't delivered: %s", self._folder, error.message)
            self._told.add(writer_id)
            return
        if found.records:
            log.log(level, "%d records that an ended process had left are in the store now.", found.records)


def is_worker() -> bool:
    """A process that multiprocessing has started, as pools and data loaders do."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None
