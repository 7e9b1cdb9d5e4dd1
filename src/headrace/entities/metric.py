from __future__ import annotations

import msgspec


class Metric(msgspec.Struct, frozen=True, gc=False):
    """One point of a series. timestamp: ms since the epoch; step: any int64; value: float64, NaN and ±inf allowed.

    model_id, dataset_name, dataset_digest tie the point to a logged model and the data it was measured on; they
    aren't part of the run's own series. run_id is set where points of several runs are mixed.
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None
