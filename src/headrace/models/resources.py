"""What a served model will call, as `resources=` of log_model names it."""

from __future__ import annotations

from headrace.packaging.served_resources import (
    DatabricksApp,
    DatabricksFunction,
    DatabricksGenieSpace,
    DatabricksLakebase,
    DatabricksResource,
    DatabricksServingEndpoint,
    DatabricksSQLWarehouse,
    DatabricksTable,
    DatabricksUCConnection,
    DatabricksUCModelService,
    DatabricksVectorSearchIndex,
    Resource,
    ResourceType,
)

__all__ = [
    "DatabricksApp",
    "DatabricksFunction",
    "DatabricksGenieSpace",
    "DatabricksLakebase",
    "DatabricksResource",
    "DatabricksSQLWarehouse",
    "DatabricksServingEndpoint",
    "DatabricksTable",
    "DatabricksUCConnection",
    "DatabricksUCModelService",
    "DatabricksVectorSearchIndex",
    "Resource",
    "ResourceType",
]
