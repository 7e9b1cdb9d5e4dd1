"""Transformers models: save_model, log_model, load_model and what goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy
from headrace.client.flavored import calls
from headrace.client.pretrained import persist_pretrained_model
from headrace.flavors.transformers import FLAVOR
from headrace.flavors.transformers.predictor import generate_signature_output

__all__ = [
    "FLAVOR",
    "generate_signature_output",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "log_model",
    "persist_pretrained_model",
    "save_model",
]

_calls = calls(FLAVOR)
save_model, log_model, load_model = _calls.save_model, _calls.log_model, _calls.load_model
get_default_pip_requirements = _calls.get_default_pip_requirements
get_default_conda_env = _calls.get_default_conda_env

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy.door(__name__, {}, otherwise="headrace.client.absent:lookup")
