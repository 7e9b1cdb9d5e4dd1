"""What a flavor is: how models of one framework are saved and loaded. Ours and third parties' are found alike, by entry
points of the group `headrace.flavor`, each naming an object with this shape. All pass `headrace.testing.flavors`.

A flavor writes its files and its keys into a `Draft`, and reads them from a `Source`; everything else of a model folder
(signature, example, environment files, digests) is the same for all and done around it. Its module imports the
framework inside functions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from headrace.errors import HeadraceError, NotFound

if TYPE_CHECKING:
    from headrace.packaging.draft import Draft
    from headrace.packaging.source import Source

GROUP = "headrace.flavor"


class Predictor(Protocol):
    """What `load_pyfunc` returns. Where `predict` has an argument `params`, it gets the caller's, checked; where there
    is a `predict_stream`, it is an iterator over parts of the answer."""

    def predict(self, model_input: Any, /) -> Any: ...


class OwnPredict:
    """Of a model whose own `predict` is what is wanted."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, model_input: Any) -> Any:
        return self._model.predict(model_input)

    def get_raw_model(self) -> Any:
        return self._model


@runtime_checkable
class Flavor(Protocol):
    """name: the key in MLmodel. model_argument: how `save_model` calls the model ("sk_model"). module: what must be
    importable. distributions: what pip installs for it, the framework first; each is pinned in the model's
    requirements where it is installed. Names are MLflow's where MLflow has the flavor."""

    @property
    def name(self) -> str: ...

    @property
    def model_argument(self) -> str: ...

    @property
    def module(self) -> str: ...

    @property
    def distributions(self) -> Sequence[str]: ...

    def save(self, model: Any, draft: Draft, /) -> Any:
        """Writes the model. Options of the flavor follow as keyword arguments with defaults. Returns what predicts
        like the pyfunc model that was saved, for the signature of an input example; or None, and the folder is loaded
        for that."""
        ...

    def load(self, source: Source, /) -> Any:
        """The framework's own object; options as keyword arguments."""
        ...

    def load_pyfunc(self, source: Source, /) -> Predictor: ...


class FlavorBroken(HeadraceError):
    """A flavor's distribution is installed, but its entry point can't be loaded."""

    code = "BAD_REQUEST"


def flavor_names() -> list[str]:
    return sorted(_entry_points())


def flavor(name: str) -> Flavor:
    """NotFound for a name that no installed distribution offers."""
    entry = _entry_points().get(name)
    if entry is None:
        raise NotFound(
            "flavor", name, by="name", hint=f"There are: {', '.join(flavor_names())}. Others come with plugins."
        )
    return _loaded(name)


def has_flavor(name: str) -> bool:
    return name in _entry_points()


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _loaded(name: str) -> Flavor:
    entry = _entry_points()[name]
    try:
        found: Flavor = entry.load()
    except Exception as error:
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown distribution"
        raise FlavorBroken(f"Flavor {name!r} of {owner} ({entry.value}) can't be loaded: {error}") from error
    return found
