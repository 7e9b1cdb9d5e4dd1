"""A journal that nobody writes any more goes to a store: what a killed process left, or one that had no server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.client.outbox.delivery import Delivery, keep_refused
from headrace.client.outbox.files import Segment, chunks
from headrace.client.outbox.lock import sending, writing
from headrace.client.outbox.sender import BODY_BYTES
from headrace.errors import Corrupt, StoreUnavailable

Progress = Callable[[int], None]
"""Gets how many records the store has taken since the last call."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """records: that were new to the store. known: that it had before. rejected: that it refused; kept in
    WRITER.rejected.jsonl. busy: another process sends the journal, or
    writes what was to be removed, so nothing was done."""

    writer_id: str
    records: int = 0
    known: int = 0
    rejected: int = 0
    busy: bool = False


def replay(
    folder: Path,
    writer_id: str,
    segments: Sequence[Segment],
    delivery: Delivery,
    *,
    remove: bool = False,
    progress: Progress = lambda _: None,
) -> Replayed:
    """Can be repeated and broken off at will. remove: of files whose records the store has all taken. Corrupt where
    records are missing in the folder, after those before the gap were delivered."""
    writer, sender = writing(folder, writer_id), sending(folder, writer_id)
    if not sender.take():
        return Replayed(writer_id=writer_id, busy=True)
    try:
        if not writer.take(shared=not remove):
            return Replayed(writer_id=writer_id, busy=True)
        found = _sent(folder, writer_id, list(segments), delivery, progress)
        if remove:
            for segment in segments:
                segment.path.unlink(missing_ok=True)
            delivery.forget(writer_id)
        return found
    finally:
        writer.leave(remove=remove)
        sender.leave(remove=True)


def _sent(folder: Path, writer_id: str, segments: list[Segment], delivery: Delivery, progress: Progress) -> Replayed:
    known = mark = delivery.mark(writer_id)
    rejected, body, last_id = 0, bytearray(), mark

    def send() -> None:
        nonlocal mark, rejected
        content = bytes(body)
        answer = delivery.deliver(writer_id, content)
        if answer.refused:
            keep_refused(folder / f"{writer_id}.rejected.jsonl", content, answer.refused)
            rejected += len(answer.refused)
        if answer.mark < last_id:
            raise StoreUnavailable(f"The store took records up to {answer.mark}, not to {last_id} as they were sent.")
        progress(answer.mark - mark)
        mark = answer.mark
        body.clear()

    for chunk in chunks(segments, after=mark):
        if chunk.first_id > mark + 1 and not body:
            raise Corrupt(
                f"Records {mark + 1} to {chunk.first_id - 1} of writer {writer_id} are neither here nor in the store."
            )
        body += chunk.content
        last_id = chunk.last_id
        if len(body) >= BODY_BYTES:
            send()
    if body:
        send()
    return Replayed(writer_id=writer_id, records=mark - known, known=known, rejected=rejected)
