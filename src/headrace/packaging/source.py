"""A model folder that is being read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.errors import Corrupt, NotFound
from headrace.packaging import code, trust
from headrace.packaging.inside import inside
from headrace.packaging.mlmodel import PYFUNC, Model


@dataclass(kw_only=True)
class Source:
    """path: the folder. origin: where it came from; what `trust` judges by. allow_pickle: the caller's word, which
    wins over all. model_config: the saved one with what the caller may override."""

    path: Path
    model: Model
    origin: trust.Origin
    allow_pickle: bool | None = None
    model_config: dict[str, Any] | None = None
    _allowed: bool = field(default=False, init=False)

    def flavor(self, name: str) -> dict[str, Any]:
        keys = self.model.flavors.get(name)
        if keys is None:
            has = ", ".join(sorted(self.model.flavors)) or "none"
            raise NotFound("flavor", name, by="name", hint=f"The model in {self.path} has: {has}.")
        return keys

    @property
    def pyfunc(self) -> dict[str, Any]:
        return self.flavor(PYFUNC)

    def file(self, relative_path: str) -> Path:
        """What an MLmodel names, inside the folder."""
        place = inside(self.path, relative_path)
        if not place.exists():
            raise Corrupt(f"The model in {self.path} names {relative_path!r}, which isn't there.")
        return place

    def allow_code(self, what: Sequence[str]) -> None:
        """To be called before anything of the folder runs: pickles, Python files, modules by name. what: the files,
        from the folder. UntrustedModel if the policy says no."""
        if not self._allowed:
            trust.may_run(self.path, what=list(what), origin=self.origin, allow_pickle=self.allow_pickle)
            self._allowed = True

    def import_code(self, keys: Mapping[str, Any]) -> None:
        """Makes the folder's own modules importable, for as long as the process lives: models import late."""
        folder = keys.get("code")
        if folder:
            place = self.file(str(folder))
            self.allow_code([str(folder)])
            code.add_to_path(place)
