"""PyTorch models: save_model, log_model, load_model; and bare state dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy
from headrace.client.flavored import calls
from headrace.client.state_dicts import load_state_dict, log_state_dict, save_state_dict
from headrace.flavors.pytorch.flavor import FLAVOR, SERIALIZATION_FORMAT_PICKLE, SERIALIZATION_FORMAT_PT2

__all__ = [
    "FLAVOR",
    "SERIALIZATION_FORMAT_PICKLE",
    "SERIALIZATION_FORMAT_PT2",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "load_state_dict",
    "log_model",
    "log_state_dict",
    "save_model",
    "save_state_dict",
]

_calls = calls(FLAVOR)
save_model, log_model, load_model = _calls.save_model, _calls.log_model, _calls.load_model
get_default_pip_requirements = _calls.get_default_pip_requirements
get_default_conda_env = _calls.get_default_conda_env

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy.door(__name__, {}, otherwise="headrace.client.absent:lookup")
