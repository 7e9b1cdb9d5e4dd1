"""How the examples register a model and make its newest version the one that everybody loads."""

from __future__ import annotations

from typing import Any

import headrace as mlflow

ALIAS = "champion"


def make_champion(model_info: Any, name: str) -> str:
    """Registers the model, moves the alias to the new version, and returns the address by which it is loaded."""
    version = mlflow.register_model(model_info.model_uri, name)
    mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, version.version)
    return f"models:/{name}@{ALIAS}"


def where(uri: str) -> str:
    """What the alias points to, in words."""
    name, _, alias = uri.removeprefix("models:/").partition("@")
    version = mlflow.MlflowClient().get_model_version_by_alias(name, alias)
    return f"Registered as version {version.version} of {name}, loaded by {uri}"
