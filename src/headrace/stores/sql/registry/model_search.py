from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.entities import Page, RegisteredModel, limits
from headrace.query import REGISTERED_MODELS, parse_filter, parse_order
from headrace.stores import tokens
from headrace.stores.sql import keyset
from headrace.stores.sql.conditions import Part
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.registry import records
from headrace.stores.sql.registry.model_cache import ModelCache
from headrace.stores.sql.registry.search import Kind, find
from headrace.stores.sql.registry.tags import OF_MODELS

KIND = Kind(
    table="registered_model",
    live=(Part("r.deleted_ms IS NULL"),),
    columns=records.MODEL_COLUMNS.replace("m.", "r."),
    attributes={"name": "name", "last_updated_timestamp": "last_updated_timestamp"},
    tags=OF_MODELS,
    order_indexes={"name": "registered_model_name", "last_updated_timestamp": "registered_model_by_update"},
    indexes={"name": "registered_model_name"},
)


def search(
    filter_string: str | None, max_results: int, order_by: Sequence[str], page_token: str | None, cache: ModelCache
) -> Work[Page[RegisteredModel]]:
    limits.check_max_results(max_results, limits.MAX_REGISTERED_MODEL_RESULTS)
    rule, order = parse_filter(filter_string, REGISTERED_MODELS), parse_order(order_by, REGISTERED_MODELS)
    digest = tokens.search_digest("registered models", filter_string or "", list(order_by))
    terms = KIND.terms(order)
    place = keyset.checked_place(page_token, tokens.decode(page_token, digest), terms) if page_token else None

    def work(db: Database) -> Page[RegisteredModel]:
        rows = find(db, KIND, rule, order, place, max_results + 1)
        kept = rows[:max_results]
        token = tokens.encode(digest, list(kept[-1][-len(terms) :])) if len(rows) > len(kept) else None
        return Page(_models(db, [row[: -len(terms)] for row in kept], cache), token)

    return work


def _models(db: Database, rows: Sequence[Any], cache: ModelCache) -> list[RegisteredModel]:
    """rows of MODEL_COLUMNS, which begin with the model's number and end with its revision."""
    found = cache.find((row[0], row[-1]) for row in rows)
    missing = [row for row in rows if row[0] not in found]
    if missing:
        read = dict(zip((row[0] for row in missing), records.models(db, missing), strict=True))
        cache.keep(read.items())
        found |= read
    return [found[row[0]] for row in rows]
