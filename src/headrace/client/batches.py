"""Metrics, params and tags cut into pieces that a store takes in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headrace.entities import Metric, Param, RunTag
from headrace.entities.limits import (
    MAX_ITEMS_PER_BATCH,
    MAX_METRICS_PER_BATCH,
    MAX_PARAMS_PER_BATCH,
    MAX_TAGS_PER_BATCH,
)


@dataclass(frozen=True, kw_only=True)
class Batch:
    metrics: Sequence[Metric] = ()
    params: Sequence[Param] = ()
    tags: Sequence[RunTag] = ()


def split(metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> Iterator[Batch]:
    """Pieces within the limits of log_batch, in order; one piece, hence one transaction, wherever that is enough."""
    metric_at = param_at = tag_at = 0
    while metric_at < len(metrics) or param_at < len(params) or tag_at < len(tags):
        some_params = params[param_at : param_at + MAX_PARAMS_PER_BATCH]
        some_tags = tags[tag_at : tag_at + MAX_TAGS_PER_BATCH]
        room = min(MAX_METRICS_PER_BATCH, MAX_ITEMS_PER_BATCH - len(some_params) - len(some_tags))
        some_metrics = metrics[metric_at : metric_at + room]
        yield Batch(metrics=some_metrics, params=some_params, tags=some_tags)
        metric_at += len(some_metrics)
        param_at += len(some_params)
        tag_at += len(some_tags)
