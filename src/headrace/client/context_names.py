"""What MLflow offers as tracking.context and tracking.context.registry."""

from __future__ import annotations

import sys

from headrace.client.context import resolve_tags

__all__ = ["registry", "resolve_tags"]

registry = sys.modules[__name__]
