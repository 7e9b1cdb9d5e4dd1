"""Settings of the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "enable_async_logging",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]

if TYPE_CHECKING:
    from headrace.client.log import enable_async_logging
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
            "enable_async_logging": "headrace.client.log:enable_async_logging",
            "get_registry_uri": "headrace.client.uri:get_registry_uri",
            "get_tracking_uri": "headrace.client.uri:get_tracking_uri",
            "is_tracking_uri_set": "headrace.client.uri:is_tracking_uri_set",
            "set_registry_uri": "headrace.client.uri:set_registry_uri",
            "set_tracking_uri": "headrace.client.uri:set_tracking_uri",
        },
        otherwise="headrace.client.absent:lookup",
    )
