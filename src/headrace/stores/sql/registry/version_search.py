from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import ModelVersion, Page, limits
from headrace.query import MODEL_VERSIONS, parse_filter, parse_order
from headrace.stores import tokens
from headrace.stores.sql import keyset
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.registry import records
from headrace.stores.sql.registry.search import Kind, find
from headrace.stores.sql.registry.tags import OF_VERSIONS

KIND = Kind(
    table="model_version",
    live=(),
    columns=records.VERSION_COLUMNS.replace("v.", "r."),
    attributes={
        "name": "name",
        "run_id": "run_id",
        "source_path": "source",
        "digest": "digest",
        "version_number": "number",
        "creation_timestamp": "creation_timestamp",
        "last_updated_timestamp": "last_updated_timestamp",
    },
    tags=OF_VERSIONS,
    order_indexes={
        "name": "model_version_by_name",
        "creation_timestamp": "model_version_by_creation",
        "last_updated_timestamp": "model_version_by_update",
    },
    indexes={"name": "model_version_by_name", "run_id": "model_version_run", "digest": "model_version_digest"},
)


def search(
    filter_string: str | None, max_results: int, order_by: Sequence[str], page_token: str | None
) -> Work[Page[ModelVersion]]:
    limits.check_max_results(max_results, limits.MAX_MODEL_VERSION_RESULTS)
    rule, order = parse_filter(filter_string, MODEL_VERSIONS), parse_order(order_by, MODEL_VERSIONS)
    digest = tokens.search_digest("model versions", filter_string or "", list(order_by))
    terms = KIND.terms(order)
    place = keyset.checked_place(page_token, tokens.decode(page_token, digest), terms) if page_token else None

    def work(db: Database) -> Page[ModelVersion]:
        rows = find(db, KIND, rule, order, place, max_results + 1)
        kept = rows[:max_results]
        token = tokens.encode(digest, list(kept[-1][-len(terms) :])) if len(rows) > len(kept) else None
        return Page(records.versions(db, [row[: -len(terms)] for row in kept]), token)

    return work
