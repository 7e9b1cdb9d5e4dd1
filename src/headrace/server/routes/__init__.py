"""Every route, by the name of its endpoint: one file per resource, each with a `routes`.

The files `artifacts*.py` serve the endpoints of `wire.table.artifacts`; while none of them is there, these endpoints
answer that they aren't available.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from headrace.server.exchange import Handler, Routes


def all_handlers() -> dict[str, Handler]:
    handlers: dict[str, Handler] = {}
    for found in iter_modules(__path__, f"{__name__}."):
        routes = getattr(import_module(found.name), "routes", None)
        if isinstance(routes, Routes):
            assert not handlers.keys() & routes.handlers.keys(), f"{found.name} serves what another file serves"
            handlers |= routes.handlers
    return handlers
