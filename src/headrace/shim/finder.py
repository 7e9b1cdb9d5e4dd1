from __future__ import annotations

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import headrace
from headrace.compat import MLFLOW_VERSION, module_for

NAME = "mlflow"
PATH = str(Path(__file__).with_name("path"))


class ShimFinder(MetaPathFinder):
    def find_spec(self, fullname: str, *_unused: object) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        module = module_for(rest) if top == NAME else None
        if module is None:
            return None
        return ModuleSpec(fullname, _Alias(module), is_package=hasattr(module, "__path__"))


class _Alias(Loader):
    """Loads a module that is there already, and leaves it as it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, _: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        if self._spec is not None:
            module.__spec__ = self._spec  # the import system has put the alias's there


def install() -> None:
    """From now on `mlflow` is Headrace in this process and in the children that it starts. Idempotent."""
    if not any(isinstance(finder, ShimFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, ShimFinder())
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]
    sys.modules[NAME] = headrace
    # Programs ask their MLflow for its version before they use what it should have.
    vars(headrace)["__version__"] = MLFLOW_VERSION
    if PATH not in sys.path:
        sys.path.insert(1, PATH)
    inherited = os.environ.get("PYTHONPATH", "")
    if PATH not in inherited.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (PATH, inherited)))
