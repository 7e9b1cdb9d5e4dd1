"""MLflow's path of what plugins derive their backends from; ours are in `backends/`."""

from __future__ import annotations

from headrace.projects.backend.abstract_backend import AbstractBackend

__all__ = ["AbstractBackend"]
