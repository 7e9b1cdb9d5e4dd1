"""What MLflow offers as tracking.context and tracking.context.registry."""

from __future__ import annotations

import sys

from headrace.client.context import resolve_tags

__all__ = ["registry", "resolve_tags"]

__path__: list[str] = []  # so that .registry can be imported from it
registry = sys.modules[__name__]
