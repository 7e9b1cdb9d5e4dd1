"""What `headrace sync` does: every journal of a folder to the store that it is meant for, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace.client.open import tracking_store
from headrace.client.outbox.delivery import Delivery, StoreDelivery
from headrace.client.outbox.files import Segment, journals, read_head
from headrace.client.outbox.open import hurried_store
from headrace.client.outbox.replay import Replayed, replay
from headrace.client.outbox.stock import StockDelivery, takes_journals
from headrace.errors import HeadraceError, InvalidValue
from headrace.wire.journal import Head


@dataclass(frozen=True, kw_only=True)
class Journal:
    """One writer's files. head: None where a crash came before it was whole, so that there is no record either."""

    folder: Path
    writer_id: str
    segments: list[Segment]
    head: Head | None

    @property
    def size_bytes(self) -> int:
        return sum(segment.path.stat().st_size for segment in self.segments)

    @property
    def began_ms(self) -> int:
        return self.head.created_ms if self.head else 0

    @property
    def written_ms(self) -> int:
        """When something was written to it the last time, as its files say."""
        return max(segment.path.stat().st_mtime_ns for segment in self.segments) // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What became of one journal. target: of the store. error: why it isn't, or not all, delivered."""

    journal: Journal
    target: str
    outcome: Replayed | None = None
    error: str = ""


def found(folder: Path) -> list[Journal]:
    return [
        Journal(folder=folder, writer_id=writer_id, segments=segments, head=read_head(segments[0]))
        for writer_id, segments in journals(folder).items()
    ]


def sync(
    todo: list[Journal], to: str | None, *, jobs: int, remove: bool, progress: Callable[[int], None]
) -> Iterator[Synced]:
    """As they end. to: the store; None: what each journal says. progress: gets counts of records, from any thread.

    A journal that began when another one in its folder was written no more waits for that: its process may have gone
    on with a run that the other one began.
    """
    sent: list[tuple[Journal, int, Future[Synced]]] = []
    with ThreadPoolExecutor(jobs, thread_name_prefix="headrace-sync") as pool:
        for each in sorted(todo, key=lambda journal: journal.began_ms):
            before = [
                future
                for other, written_ms, future in sent
                if other.folder == each.folder and written_ms < each.began_ms
            ]
            written_ms = each.written_ms
            sent.append((each, written_ms, pool.submit(_one, each, to, remove, progress, before)))
        for future in as_completed([future for _, _, future in sent]):
            yield future.result()


def _one(
    journal: Journal, to: str | None, remove: bool, progress: Callable[[int], None], before: list[Future[Synced]]
) -> Synced:
    wait(before)  # they were submitted earlier, so that they are done or at work
    target = to or (journal.head.target if journal.head else None) or ""
    try:
        if not target:
            raise InvalidValue("--to", "", "this journal was written offline and names no store; say which.")
        with _delivery(journal.folder, target) as delivery:
            outcome = replay(
                journal.folder, journal.writer_id, journal.segments, delivery, remove=remove, progress=progress
            )
    except HeadraceError as error:
        return Synced(journal=journal, target=target, error=error.message)
    return Synced(journal=journal, target=target, outcome=outcome)


@contextmanager
def _delivery(folder: Path, target: str) -> Iterator[Delivery]:
    store = tracking_store(target)
    if takes_journals(store):
        yield StoreDelivery(store)
        return
    with closing(hurried_store(target)) as once:  # a call that makes a run isn't repeated unseen
        yield StockDelivery(once, folder, target)
