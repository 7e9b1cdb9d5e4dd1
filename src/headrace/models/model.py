"""The MLmodel file and what is known of a logged model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["Model", "ModelInfo", "get_model_info", "set_model", "update_model_requirements"]

if TYPE_CHECKING:
    from headrace.client.model_class import Model
    from headrace.client.model_files import get_model_info, update_model_requirements
    from headrace.packaging.info import ModelInfo
    from headrace.packaging.pyfunc.code_model import set_model
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "Model": "headrace.client.model_class:Model",
            "ModelInfo": "headrace.packaging.info:ModelInfo",
            "get_model_info": "headrace.client.model_files:get_model_info",
            "set_model": "headrace.packaging.pyfunc.code_model:set_model",
            "update_model_requirements": "headrace.client.model_files:update_model_requirements",
        },
        otherwise="headrace.client.absent:lookup",
    )
