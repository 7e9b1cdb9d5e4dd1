"""The version of MLflow that Headrace is compatible with: written into models, and what `mlflow.__version__` says."""

from __future__ import annotations

VERSION = "3.17.2"
