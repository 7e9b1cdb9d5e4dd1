"""MLflow's path of what `run` returns."""

from __future__ import annotations

from headrace.projects.submitted import SubmittedRun

__all__ = ["SubmittedRun"]
