"""Keras models: save_model, log_model, load_model."""

from __future__ import annotations

from headrace.client.flavored import calls
from headrace.flavors.keras import FLAVOR

__all__ = [
    "FLAVOR",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "save_model",
]

_calls = calls(FLAVOR)
save_model, log_model, load_model = _calls.save_model, _calls.log_model, _calls.load_model
get_default_pip_requirements = _calls.get_default_pip_requirements
get_default_conda_env = _calls.get_default_conda_env
