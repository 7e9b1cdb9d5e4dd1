"""Points into blocks: in order they fill the last block, out of order they go into the blocks where they belong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from headrace.clock import monotonic_s
from headrace.stores.sql.blocks import pages
from headrace.stores.sql.blocks.codec import decode, encode
from headrace.stores.sql.blocks.pages import Page
from headrace.stores.sql.blocks.points import EMPTY, Key, Points, distinct, first_index, joined
from headrace.stores.sql.blocks.summary import Records, first_keys, summary, united
from headrace.stores.sql.connection import Database

BLOCK_POINTS = 2048
PAGES_AT_ONCE = 16
BLOCKS_ANYWAY = 4  # what begins to be late still ends, where new points only overlap with the last ones

_READ = "SELECT payload FROM metric_block WHERE id = ?"
_CHANGE = "UPDATE metric_block SET payload = ? WHERE id = ?"
_ADD = "INSERT INTO metric_block (series_id, payload) VALUES (?, ?) RETURNING id"


def insert(db: Database, series_id: int, points: Points, until_s: float) -> Points:
    """What is left when `until_s` (of the monotonic clock) has passed. points: sorted, no repeats, 1 or more.

    Takes at least a few blocks' shares, so that repeated calls come to an end.
    """
    near = pages.neighbours(db, series_id, points, PAGES_AT_ONCE)
    if not near.pages:
        pages.write(db, series_id, Page(0, _appended(db, series_id, pages.EMPTY, points)), last=True)
        return EMPTY
    if near.in_order:
        page = near.pages[0]
        page.records = _appended(db, series_id, page.records, points)
        pages.write(db, series_id, page, last=True)
        return EMPTY
    done = placed = 0
    for page, shares in _shares(near.pages, points, near.bound):
        changed: list[Records] = []
        kept, moved = 0, False
        for index, low, high in shares:
            if placed >= BLOCKS_ANYWAY and monotonic_s() > until_s:
                break
            changed += (
                page.records[kept:index],
                _placed(db, series_id, page.records[index : index + 1], points.part(low, high)),
            )
            kept, done, placed = index + 1, high, placed + 1
        if changed:
            page.records = united([*changed, page.records[kept:]])
            moved = pages.write(db, series_id, page, last=False)
        if moved or (placed >= BLOCKS_ANYWAY and monotonic_s() > until_s):
            break
    return points.part(done, len(points))


def _shares(near: list[Page], points: Points, bound: Key | None) -> Iterator[tuple[Page, list[tuple[int, int, int]]]]:
    """Of each page that gets points: (its record, low, high) for each record's part of the points."""
    firsts = [first_keys(page.records) for page in near]
    ends: list[Key | None] = [keys[0] for keys in firsts[1:]]
    low = 0
    for page, keys, end in zip(near, firsts, [*ends, bound], strict=True):
        page_end = _below(points, end)
        shares: list[tuple[int, int, int]] = []
        while low < page_end:
            index = max(0, bisect_right(keys, points.key(low)) - 1)
            high = _below(points, keys[index + 1]) if index + 1 < len(keys) else page_end
            shares.append((index, low, high))
            low = high
        if shares:
            yield page, shares


def _below(points: Points, end: Key | None) -> int:
    """How many points come before `end`."""
    if end is None:
        return len(points)
    return first_index(len(points), lambda i: points.key(i) >= end)


def _appended(db: Database, series_id: int, records: Records, points: Points) -> Records:
    """points: all after those of the records."""
    kept, first = records, 0
    if len(records) and records["n"][-1] < BLOCK_POINTS:
        open_block = int(records["block"][-1])
        first = BLOCK_POINTS - int(records["n"][-1])
        filled = joined((_read(db, open_block), points.part(0, first)))
        kept = united((records[:-1], changed(db, open_block, filled)))
    return united((kept, *_added(db, series_id, points.part(first, len(points)), BLOCK_POINTS)))


def _placed(db: Database, series_id: int, record: Records, points: Points) -> Records:
    """Summaries of what a block becomes with more points."""
    block = int(record["block"][0])
    all_points = distinct(joined((_read(db, block), points)))
    n = len(all_points)
    if n == record["n"][0]:
        return record
    count = -(-n // BLOCK_POINTS)
    size = -(-n // count)
    return united(
        [
            changed(db, block, all_points.part(0, size)),
            *_added(db, series_id, all_points.part(size, n), size),
        ]
    )


def _read(db: Database, block: int) -> Points:
    return decode(db.execute(_READ, (block,)).fetchone()[0])


def changed(db: Database, block: int, points: Points) -> Records:
    """The block holds these points now, sorted and 1 or more; its summary."""
    db.execute(_CHANGE, (encode(points), block))
    return summary(block, points)


def _added(db: Database, series_id: int, points: Points, size: int) -> list[Records]:
    added = []
    for start in range(0, len(points), size):
        part = points.part(start, start + size)
        added.append(summary(db.execute(_ADD, (series_id, encode(part))).fetchone()[0], part))
    return added
