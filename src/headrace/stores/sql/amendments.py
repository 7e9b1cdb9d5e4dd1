"""Where the contract of rewinds and corrections meets the tables."""

from __future__ import annotations

import math

from headrace.entities import Metric, Page, ParamCorrection, Rewind, limits
from headrace.stores import amendments, tokens
from headrace.stores.amendments import MAX_HIDDEN_POINTS, AmendmentStore
from headrace.stores.sql import corrections, rewinds
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.transactions import Transactions

OF_MODELS = (
    "SELECT h.timestamp, h.step, h.class, h.value, l.model_id, h.dataset_name, h.dataset_digest "
    "FROM model_metric_hidden h JOIN logged_model l ON l.id = h.model_ref WHERE h.rewind_ref = ? AND h.key_ref = ?"
)
_Point = tuple[int, int, bool, float]


class SqlAmendments(Transactions, AmendmentStore):
    def list_rewinds(self, run_id: str) -> list[Rewind]:
        return self._read(rewinds.listed(run_id))

    def hidden_points(
        self,
        run_id: str,
        key: str,
        rewind_id: int | None = None,
        max_results: int = MAX_HIDDEN_POINTS,
        page_token: str | None = None,
    ) -> Page[Metric]:
        return self._read(_hidden(run_id, key, rewind_id, max_results, page_token))

    def param_corrections(self, run_id: str) -> list[ParamCorrection]:
        return self._read(corrections.listed(run_id))


def _hidden(run_id: str, key: str, rewind_id: int | None, most: int, page_token: str | None) -> Work[Page[Metric]]:
    """The place in a token is (the rewind's place in the order of their times, how many of its points came before)."""
    limits.check_max_results(most, MAX_HIDDEN_POINTS)
    digest = tokens.search_digest("hidden", run_id, key, rewind_id)
    first, skipped = _place(page_token, digest) if page_token else (0, 0)

    def work(db: Database) -> Page[Metric]:
        from headrace.stores.sql.blocks import hidden

        asked = amendments.chosen(list(rewinds.rewinds_of(db, run_id)), run_id, rewind_id)
        number = db.names.find(db, key)
        if number is None:
            return Page()
        found: list[Metric] = []
        left, skip = most, skipped
        for place, each in enumerate(asked[first:], start=first):
            points = hidden.points_of(db, each.rewind_id, number)
            part = points.part(skip, skip + left)
            of_models = _of_models(db, key, each.rewind_id, number)
            for step, time, value in zip(part.steps.tolist(), part.times.tolist(), part.values.tolist(), strict=True):
                found += of_models.get(_point(time, step, value)) or [Metric(key, value, time, step)]
            left -= len(part)
            if skip + len(part) < len(points):
                return Page(found, tokens.encode(digest, [place, skip + len(part)]))
            skip = 0
        return Page(found)

    return work


def _of_models(db: Database, key: str, rewind_ref: int, key_ref: int) -> dict[_Point, list[Metric]]:
    """By point, the same as it was logged with models."""
    by_point: dict[_Point, list[Metric]] = {}
    for time, step, nan, value, model_id, name, digest in db.execute(OF_MODELS, (rewind_ref, key_ref)).fetchall():
        value = math.nan if nan else value  # noqa: PLW2901
        metric = Metric(key, value, time, step, model_id, name or None, digest or None)
        by_point.setdefault(_point(time, step, value), []).append(metric)
    return {point: amendments.in_order(metrics) for point, metrics in by_point.items()}


def _point(time: int, step: int, value: float) -> _Point:
    return (time, step, True, 0.0) if math.isnan(value) else (time, step, False, value)


def _place(token: str, digest: str) -> tuple[int, int]:
    match tokens.decode(token, digest):
        case [int(first), int(skipped)] if first >= 0 and skipped >= 0:
            return first, skipped
    raise tokens.refused(token)
