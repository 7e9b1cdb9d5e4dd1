"""The client for servers and stores, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "MlflowClient",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]

if TYPE_CHECKING:
    from headrace.client.mlflow_client import MlflowClient
    from headrace.client.uri import (
        get_registry_uri,
        get_tracking_uri,
        is_tracking_uri_set,
        set_registry_uri,
        set_tracking_uri,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "MlflowClient": "headrace.client.mlflow_client:MlflowClient",
            "get_registry_uri": "headrace.client.uri:get_registry_uri",
            "get_tracking_uri": "headrace.client.uri:get_tracking_uri",
            "is_tracking_uri_set": "headrace.client.uri:is_tracking_uri_set",
            "set_registry_uri": "headrace.client.uri:set_registry_uri",
            "set_tracking_uri": "headrace.client.uri:set_tracking_uri",
        },
        otherwise="headrace.client.absent:lookup",
    )
