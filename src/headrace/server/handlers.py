"""Every route, by the name of its endpoint: found in the files of `routes`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from headrace.server import routes as package
from headrace.server.exchange import Handler, Routes


def all_handlers() -> dict[str, Handler]:
    handlers: dict[str, Handler] = {}
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        routes = getattr(import_module(found.name), "routes", None)
        if isinstance(routes, Routes):
            assert not handlers.keys() & routes.handlers.keys(), f"{found.name} serves what another file serves"
            handlers |= routes.handlers
    return handlers
