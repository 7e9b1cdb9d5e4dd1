"""The flavor python_function in an MLmodel, as modules that save models of their own kind write it for MLflow."""

from __future__ import annotations

import platform
from typing import Any

from headrace.packaging import requirements
from headrace.packaging.mlmodel import PYFUNC, Model

FLAVOR_NAME = PYFUNC
MAIN, CODE, DATA, ENV = "loader_module", "code", "data", "env"


def add_to_model(
    model: Model,
    loader_module: str,
    data: str | None = None,
    code: str | None = None,
    conda_env: str | None = None,
    python_env: str | None = None,
    model_config: dict[str, Any] | None = None,
    model_code_path: str | None = None,
    **keys: Any,
) -> Model:
    """loader_module: of the function `_load_pyfunc(path)`. Paths are from the model's folder; conda_env and python_env
    the names of those files."""
    env = {name: path for name, path in (("conda", conda_env), ("virtualenv", python_env)) if path}
    said = {CODE: code, DATA: data, ENV: env, "config": model_config, "model_code_path": model_code_path}
    return model.add_flavor(
        PYFUNC,
        **keys,
        loader_module=loader_module,
        python_version=platform.python_version(),
        **{key: value for key, value in said.items() if value},
    )


def get_default_pip_requirements() -> list[str]:
    return requirements.infer((), packages=["cloudpickle"])


def get_default_conda_env() -> dict[str, Any]:
    found: dict[str, Any] = requirements.resolve(defaults=get_default_pip_requirements).conda
    return found
