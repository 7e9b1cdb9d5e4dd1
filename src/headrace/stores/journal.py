"""What a store promises to those who log through a journal: each record once, however often it is sent.

The mark of a writer moves in the transaction of its records. So a request that is sent again, whole or in part, changes
nothing, and one that would leave a gap isn't taken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headrace.entities import Metric
from headrace.entities.journal import JournalMark, JournalRecord, PointsLogged
from headrace.entities.limits import MAX_METRICS_PER_BATCH


class JournalStore(ABC):
    @abstractmethod
    def append_journal(self, writer_id: str, first_id: int, records: Sequence[JournalRecord]) -> JournalMark:
        """Takes the records, numbered from first_id, from where the writer's mark is; those before it are passed over.
        If first_id lies behind mark + 1, none is taken. A record whose content is refused (a param that has another
        value, a run that is gone) is named in the answer and passed; any other error leaves the mark at the last record
        that was taken. Compare the answered mark with what was sent."""

    @abstractmethod
    def journal_mark(self, writer_id: str) -> int:
        """The id of the last record taken; 0 for an unknown writer."""


class Unit(NamedTuple):
    """Records that go in together. place: of the first among the request's. points: not empty where they are points of
    one run, which are then taken as one batch."""

    place: int
    records: Sequence[JournalRecord]
    points: list[Metric]


def units(records: Sequence[JournalRecord]) -> Iterator[Unit]:
    """In order; neighbouring points of one run joined, as far as a batch may hold them."""
    start, points = 0, list[Metric]()
    for place, record in enumerate(records):
        if points and not _continues(points, records[start], record):
            yield Unit(start, records[start:place], points)
            points = []
        if not isinstance(record, PointsLogged):
            yield Unit(place, (record,), [])
            continue
        if not points:
            start = place
        points.extend(metrics_of(record))
    if points:
        yield Unit(start, records[start:], points)


def _continues(points: Sequence[Metric], first: JournalRecord, record: JournalRecord) -> bool:
    return (
        isinstance(record, PointsLogged)
        and record.run_id == first.run_id
        and len(points) + len(record.keys) <= MAX_METRICS_PER_BATCH
    )


def metrics_of(record: PointsLogged) -> list[Metric]:
    model, name, digest = record.model_id, record.dataset_name, record.dataset_digest
    return [
        Metric(key, value, record.timestamp, record.step, model, name, digest)
        for key, value in zip(record.keys, record.values, strict=True)
    ]
