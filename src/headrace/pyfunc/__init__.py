"""Models of any library behind one `predict`: PythonModel, save_model, log_model, load_model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "CODE",
    "DATA",
    "ENV",
    "FLAVOR_NAME",
    "MAIN",
    "ChatAgent",
    "ChatModel",
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "ResponsesAgent",
    "add_to_model",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "get_model_dependencies",
    "load_model",
    "log_model",
    "model",
    "ray_map",
    "save_model",
    "spark_udf",
    "utils",
]

if TYPE_CHECKING:
    from headrace.client.python_models import get_model_dependencies, load_model, log_model, save_model
    from headrace.client.ray_map import ray_map
    from headrace.client.spark_udf import spark_udf
    from headrace.packaging.pyfunc.chats import ChatAgent, ChatModel, ResponsesAgent
    from headrace.packaging.pyfunc.entry import (
        CODE,
        DATA,
        ENV,
        FLAVOR_NAME,
        MAIN,
        add_to_model,
        get_default_conda_env,
        get_default_pip_requirements,
    )
    from headrace.packaging.pyfunc.loaded import PyFuncModel
    from headrace.packaging.pyfunc.model import PythonModel, PythonModelContext
    from headrace.pyfunc import model, utils
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "CODE": "headrace.packaging.pyfunc.entry:CODE",
            "DATA": "headrace.packaging.pyfunc.entry:DATA",
            "ENV": "headrace.packaging.pyfunc.entry:ENV",
            "FLAVOR_NAME": "headrace.packaging.pyfunc.entry:FLAVOR_NAME",
            "MAIN": "headrace.packaging.pyfunc.entry:MAIN",
            "ChatAgent": "headrace.packaging.pyfunc.chats:ChatAgent",
            "ChatModel": "headrace.packaging.pyfunc.chats:ChatModel",
            "PyFuncModel": "headrace.packaging.pyfunc.loaded:PyFuncModel",
            "PythonModel": "headrace.packaging.pyfunc.model:PythonModel",
            "PythonModelContext": "headrace.packaging.pyfunc.model:PythonModelContext",
            "ResponsesAgent": "headrace.packaging.pyfunc.chats:ResponsesAgent",
            "add_to_model": "headrace.packaging.pyfunc.entry:add_to_model",
            "get_default_conda_env": "headrace.packaging.pyfunc.entry:get_default_conda_env",
            "get_default_pip_requirements": "headrace.packaging.pyfunc.entry:get_default_pip_requirements",
            "get_model_dependencies": "headrace.client.python_models:get_model_dependencies",
            "load_model": "headrace.client.python_models:load_model",
            "log_model": "headrace.client.python_models:log_model",
            "model": "headrace.pyfunc.model",
            "ray_map": "headrace.client.ray_map:ray_map",
            "save_model": "headrace.client.python_models:save_model",
            "spark_udf": "headrace.client.spark_udf:spark_udf",
            "utils": "headrace.pyfunc.utils",
        },
        otherwise="headrace.client.absent:lookup",
    )
