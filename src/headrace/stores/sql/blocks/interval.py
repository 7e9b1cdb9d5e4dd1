"""Points at even distances by rank: of the blocks only those are opened in which one of them lies."""

from __future__ import annotations

import numpy as np

from headrace.stores.sampling import evenly
from headrace.stores.sql.blocks.codec import BLOCKS_AT_ONCE
from headrace.stores.sql.blocks.load import Loaded, Range, Series, load, owning, read
from headrace.stores.sql.blocks.points import Ints, Points, distinct, joined
from headrace.stores.sql.blocks.summary import ints
from headrace.stores.sql.connection import Database


def interval(db: Database, one: Series, first_step: int, last_step: int, most: int) -> Points:
    """By (step, time, value); which ones is `sampling.evenly`'s to say."""
    loaded = load(db, one, Range(first_step, last_step))
    return _ranked(db, loaded, np.array(evenly(range(len(loaded)), most), np.int64))


def _ranked(db: Database, loaded: Loaded, ranks: Ints) -> Points:
    """The points of these ranks, ascending."""
    records, points = loaded.records, loaded.points
    # Group 0 holds the points before the first block, group i + 1 block i and the points that follow its first one.
    owners = np.array(owning(records, points), np.int64) + 1
    sizes = np.concatenate(([0], ints(records, "n")))
    own = np.bincount(owners, minlength=len(sizes))
    ends = np.cumsum(sizes + own)
    groups = np.searchsorted(ends, ranks, side="right")
    places = ranks - (ends - sizes - own)[groups]
    parts: list[Points] = []
    wanted = np.unique(groups)
    for start in range(0, len(wanted), BLOCKS_AT_ONCE):
        some = wanted[start : start + BLOCKS_AT_ONCE]
        opened = read(db, records[some[some > 0] - 1])
        among = points.where(np.isin(owners, some))
        if len(among):
            opened = distinct(joined((opened, among)))
        counts = (sizes + own)[some]
        begins = np.cumsum(counts) - counts
        here = (groups >= some[0]) & (groups <= some[-1])
        parts.append(opened.at(begins[np.searchsorted(some, groups[here])] + places[here]))
    return joined(parts)
