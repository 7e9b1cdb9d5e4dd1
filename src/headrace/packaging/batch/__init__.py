"""Batch scoring: a file of rows through a model, larger than memory, here or in the model's own environment."""

from headrace.packaging.batch.chunk import Limits
from headrace.packaging.batch.job import Job, run
from headrace.packaging.batch.score import CONTENT_TYPES, ON_ERROR, BadRow, Outcome, score

__all__ = ["CONTENT_TYPES", "ON_ERROR", "BadRow", "Job", "Limits", "Outcome", "run", "score"]
