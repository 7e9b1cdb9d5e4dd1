"""Metric storage: where the points of a series (run, key) lie and how they move on.

    metric_batch  what a request of 64 keys or more brought, a point each, until the same keys have come 32 times
    tail          up to 32 or so points in the series' own row; an append of a few points touches nothing else
    metric_loose  what one larger append brought, or a tail that was full, in the order of arrival
    metric_block  2,048 points, packed, sorted by (step, timestamp, value), no repeats; blocks don't overlap
    metric_page   summaries of 64 blocks (first, last, extremes, times), pages in the order of their blocks
    metric_hidden blocks that a rewind took out of the series of its run

- `append` writes the series row, with its latest value, and a tail, a loose row or a batch: in the transaction of the
  request.
- `merge` moves on what waits, in transactions of a few ms of its own: full tails become loose rows, loose points go
  into blocks. In order they fill the last block; out of order they go where they belong, and a block that gets too
  large is cut. A point is written about three times in all.
- `load` gives a reader the summaries of a series and those points that are in no block yet, repeats left out, so that
  all counts are exact. `chart`, `history` and `interval` read only the blocks that they have to open.
- `cut` takes points out of the series of a run, `hidden` keeps them.

Everything is transactional: a kill at any moment leaves each point in exactly one place.
"""
