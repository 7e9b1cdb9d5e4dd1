"""Runs a program that imports `mlflow` on Headrace, unchanged: `python -m headrace.shim script.py` (or -m, or -c).

A finder before all others makes `mlflow` and `mlflow.x` the very modules `headrace` and `headrace.x`; an installed
MLflow is not looked at. `path/`, put on PYTHONPATH, does the same in children (multiprocessing by spawn or forkserver,
subprocess) and answers `importlib.metadata.version("mlflow")` with the version that Headrace is compatible with.

Not reached: children that ignore PYTHONPATH (`python -I`, `-E`) or get an environment without it. A child of another
interpreter, one without Headrace, imports whatever MLflow it has.
"""

from __future__ import annotations

from headrace.shim.finder import install

__all__ = ["install"]
