"""The endpoint table: every operation of the API, once.

Server (routes and permissions), client, OpenAPI and docs are made from it. A new resource adds a file in `table/`
and its rows here. Rows are constants, so that a misspelt one doesn't import.
"""

from __future__ import annotations

from typing import Any

from headrace.wire.endpoint import Endpoint
from headrace.wire.table import (
    amendments,
    artifacts,
    experiments,
    journal,
    leases,
    logged_models,
    metrics,
    model_versions,
    pages,
    registered_models,
    registry_extras,
    runs,
    service,
    session,
    webhooks,
)

ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    *service.ENDPOINTS,
    *session.ENDPOINTS,
    *pages.ENDPOINTS,
    *experiments.ENDPOINTS,
    *runs.ENDPOINTS,
    *metrics.ENDPOINTS,
    *amendments.ENDPOINTS,
    *journal.ENDPOINTS,
    *leases.ENDPOINTS,
    *logged_models.ENDPOINTS,
    *artifacts.ENDPOINTS,
    *registered_models.ENDPOINTS,
    *model_versions.ENDPOINTS,
    *registry_extras.ENDPOINTS,
    *webhooks.ENDPOINTS,
)
BY_NAME: dict[str, Endpoint[Any, Any]] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
