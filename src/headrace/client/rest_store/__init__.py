"""A store that is a server somewhere else: the endpoint table spoken over HTTP.

Against a stock MLflow server the calls that only Headrace has go by what such a server can do, or say NotSupported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["RestStore", "open_rest_store"]

if TYPE_CHECKING:
    from headrace.client.rest_store.store import RestStore, open_rest_store
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "RestStore": "headrace.client.rest_store.store:RestStore",
            "open_rest_store": "headrace.client.rest_store.store:open_rest_store",
        },
    )
