"""A model folder that is being written: flavors put their files and keys into it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.entities import FileRecord
from headrace.packaging.manifest import copy_and_hash, copy_tree
from headrace.packaging.mlmodel import PYFUNC, Model


@dataclass(kw_only=True)
class Draft:
    """path: an empty folder of its own. code: the name of its folder of modules, or None.

    input_example: the caller's, for formats that are traced with one. signature: the caller's, if any; a flavor may
    set another one that its format dictates. unsigned: the caller wants none. distributions: what the flavor needs
    beside those that it always needs; modules: names of modules whose distributions are found. Both are pinned. known:
    digests of files, by path, that were hashed on their way into the folder.
    """

    path: Path
    model: Model
    flavor_name: str
    code: str | None = None
    input_example: Any = None
    signature: Any = None
    unsigned: bool = False
    distributions: list[str] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    known: dict[str, FileRecord] = field(default_factory=dict)

    def folder(self, relative_path: str) -> Path:
        """A folder in it, made."""
        place = self.path / relative_path
        place.mkdir(parents=True, exist_ok=True)
        return place

    def copy_in(self, source: str | Path, relative_path: str) -> None:
        """A file or folder of the user's, as `relative_path`; hashed on the way."""
        target = self.path / relative_path
        if Path(source).is_dir():
            for name, digest in copy_tree(source, target).items():
                self.known[f"{relative_path}/{name}"] = digest
        else:
            self.known[relative_path] = copy_and_hash(source, target)

    def set_flavor(self, **keys: Any) -> None:
        self.model.add_flavor(self.flavor_name, **keys, code=self.code)

    def set_pyfunc(self, loader_module: str | None = None, **keys: Any) -> None:
        """loader_module: `mlflow.FLAVOR` unless another is given, so that MLflow finds its own."""
        self.model.add_flavor(
            PYFUNC,
            loader_module=loader_module or f"mlflow.{self.flavor_name}",
            python_version=platform.python_version(),
            env={"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            code=self.code,
            **keys,
        )

    def require(self, *distributions: str) -> None:
        self.distributions.extend(distributions)
