"""Points at even distances by rank: of the blocks only those are opened in which one of them lies."""

from __future__ import annotations

import numpy as np

from headrace.stores.sampling import evenly
from headrace.stores.sql.blocks.load import Loaded, Range, Series, each_block, load, owning
from headrace.stores.sql.blocks.points import EMPTY, Points, distinct, joined
from headrace.stores.sql.blocks.summary import ints
from headrace.stores.sql.connection import Database

BLOCKS_AT_ONCE = 256


def interval(db: Database, one: Series, first_step: int, last_step: int, most: int) -> Points:
    """By (step, time, value); which ones is `sampling.evenly`'s to say."""
    loaded = load(db, one, Range(first_step, last_step))
    return _ranked(db, loaded, np.array(evenly(range(len(loaded)), most), np.int64))


def _ranked(db: Database, loaded: Loaded, ranks: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Points:
    records, points = loaded.records, loaded.points
    # Group 0 holds the points before the first block, group i + 1 block i and the points that follow its first one.
    owners = np.array(owning(records, points), np.int64) + 1
    own = np.bincount(owners, minlength=len(records) + 1)
    counts = own.copy()
    counts[1:] += ints(records, "n")
    ends, own_ends = np.cumsum(counts), np.cumsum(own)
    groups = np.searchsorted(ends, ranks, side="right")
    parts: list[Points] = []
    wanted = np.unique(groups).tolist()
    for start in range(0, len(wanted), BLOCKS_AT_ONCE):
        some = wanted[start : start + BLOCKS_AT_ONCE]
        closed = [group for group in some if group]
        opened = each_block(db, records[[group - 1 for group in closed]])
        blocks = dict(zip(closed, opened, strict=True))
        for group in some:
            among = points.part(int(own_ends[group] - own[group]), int(own_ends[group]))
            every = distinct(joined((blocks.get(group, EMPTY), among)))
            parts.append(every.at(ranks[groups == group] - (ends[group] - counts[group])))
    return joined(parts)
