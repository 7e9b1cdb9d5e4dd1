"""The REST server: an ASGI app over given stores, and the process that runs it."""

from headrace.server.app import create_app
from headrace.server.options import Options

__all__ = ["Options", "create_app"]
