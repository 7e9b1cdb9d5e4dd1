"""What the name of a target means. Ours are in a table; others come from entry points of the groups `headrace.deploy`
and, MLflow's own, `mlflow.deployments`.

Each names a module with exactly one subclass of BaseDeploymentClient, made with the target's URI, and the functions
`run_local(name, model_uri, flavor, config)` (MLflow's: `target` before them) and `target_help()`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from headrace import settings
from headrace.deployments.base import BaseDeploymentClient
from headrace.errors import HeadraceError, InvalidValue
from headrace.packaging.aliases import mlflow_names

GROUP = "headrace.deploy"
MLFLOW_GROUP = "mlflow.deployments"

BUILT_IN: dict[str, str] = {
    "azureml": "headrace.deployments.azureml",
    "kserve": "headrace.deployments.kserve",
    "local": "headrace.deployments.local",
    "ray": "headrace.deployments.ray_serve",
    "sagemaker": "headrace.deployments.sagemaker",
}

_chosen: list[str] = []


class TargetBroken(HeadraceError):
    """A target's distribution is installed, but its module can't be loaded or hasn't what it needs."""

    code = "BAD_REQUEST"


@dataclass(frozen=True, kw_only=True)
class Target:
    client: Callable[[str], BaseDeploymentClient]
    run_local: Callable[..., Any]
    help: Callable[[], str]


def get_deploy_client(target_uri: str | None = None) -> BaseDeploymentClient:
    """target_uri: `local`, `ray`, `kserve`, … alone or as the scheme of an URI; by default the one that was set."""
    uri = target_uri or get_deployments_target()
    return find(uri).client(uri)


def set_deployments_target(target: str) -> None:
    """For this process; `get_deploy_client` without a target means this one."""
    find(target)
    _chosen[:] = [target]


def get_deployments_target() -> str:
    """InvalidValue if neither was one set nor the environment names one."""
    found = _chosen[0] if _chosen else settings.DEPLOYMENTS_TARGET.get()
    if not found:
        variables = " or ".join(settings.DEPLOYMENTS_TARGET.names)
        raise InvalidValue(message=f"No target is given: name one of {', '.join(names())}, or set {variables}.")
    return found


def run_local(
    target: str, name: str, model_uri: str, flavor: str | None = None, config: Mapping[str, Any] | None = None
) -> Any:
    """The target's way to run the model on this machine."""
    found = find(target).run_local
    given: dict[str, Any] = {"name": name, "model_uri": model_uri, "flavor": flavor, "config": dict(config or {})}
    return found(target, **given) if "target" in inspect.signature(found).parameters else found(**given)


def target_help(target: str) -> str:
    """What the target says of its URI and configuration."""
    return find(target).help()


def names() -> list[str]:
    found = {entry.name for group in (GROUP, MLFLOW_GROUP) for entry in entry_points(group=group)}
    return sorted({*BUILT_IN, *found})


def find(target_uri: str) -> Target:
    """InvalidValue names the targets that there are; TargetBroken the distribution at fault."""
    name = target_uri.partition(":")[0]
    if name in BUILT_IN:
        return _target(importlib.import_module(BUILT_IN[name]), "Headrace")
    for group in (GROUP, MLFLOW_GROUP):
        for entry in entry_points(group=group, name=name):
            return _loaded(entry)
    raise InvalidValue(
        "target", target_uri, f"there are {', '.join(names())}. Others come with plugins (pip install …)."
    )


def _loaded(entry: EntryPoint) -> Target:
    owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
    try:
        with mlflow_names():  # a plugin of MLflow's subclasses what `mlflow.deployments` has
            module = entry.load()
    except Exception as error:
        raise TargetBroken(
            f"The target {entry.name!r} comes with {owner}, which can't be loaded: {error!r}. Update or remove it."
        ) from error
    return _target(module, owner)


def _target(module: ModuleType, owner: str) -> Target:
    clients = [
        each
        for each in vars(module).values()
        if inspect.isclass(each) and issubclass(each, BaseDeploymentClient) and each.__module__ == module.__name__
    ]
    missing = [name for name in ("run_local", "target_help") if not callable(getattr(module, name, None))]
    if len(clients) != 1:
        missing.insert(0, f"exactly one subclass of BaseDeploymentClient (it has {len(clients)})")
    if missing:
        raise TargetBroken(f"The module {module.__name__} of {owner} is no target; it lacks {', '.join(missing)}.")
    return Target(client=clients[0], run_local=module.run_local, help=module.target_help)
