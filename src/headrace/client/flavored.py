"""`save_model`, `log_model` and `load_model` of a flavor, made from what the flavor says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from headrace.client.log_model import Logging, log
from headrace.client.resolve import resolve_model
from headrace.client.training_data import opened
from headrace.errors import InvalidValue
from headrace.packaging import requirements
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Flavor
from headrace.packaging.info import ModelInfo
from headrace.packaging.load import load_draft, load_native, open_model
from headrace.packaging.mlmodel import Model
from headrace.packaging.save import Common, Written, save_model, write

COMMON = tuple(each.name for each in fields(Common))
LOGGING = tuple(each.name for each in fields(Logging))


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Functions for a door. Their arguments are MLflow's: the model first, then path or name; the rest by keyword."""

    save_model: Callable[..., Model]
    log_model: Callable[..., ModelInfo]
    load_model: Callable[..., Any]
    get_default_pip_requirements: Callable[..., list[str]]
    get_default_conda_env: Callable[..., dict[str, Any]]


def calls(flavor: Flavor) -> Calls:
    options = _options(flavor.save, skip=2)

    def save(*args: Any, **given: Any) -> Model:
        model, path, rest = _model_and_place(flavor, "path", args, given)
        common, chosen = _split(flavor, rest, options)
        if path is None:
            raise InvalidValue("path", None, "save_model needs the folder to write.")
        return save_model(
            flavor.name,
            lambda draft: flavor.save(model, draft, **chosen),
            load_draft,
            path,
            opened(common),
            roots=[model],
            distributions=flavor.distributions,
        )

    def log_(*args: Any, **given: Any) -> ModelInfo:
        model, path, rest = _model_and_place(flavor, "artifact_path", args, given)
        logging = Logging(artifact_path=path, **{name: rest.pop(name) for name in LOGGING if name in rest})
        common, chosen = _split(flavor, rest, options)

        def write_to(folder: Path, shared: Common) -> Written:
            def files(draft: Draft) -> Any:
                return flavor.save(model, draft, **chosen)

            return write(
                flavor.name, files, load_draft, folder, shared, roots=[model], distributions=flavor.distributions
            )

        return log(write_to, common, logging)

    def load(model_uri: str, dst_path: str | None = None, *, allow_pickle: bool | None = None, **options: Any) -> Any:
        """The framework's own object. allow_pickle: True to run what the policy would refuse, False to refuse all."""
        source = open_model(resolve_model(model_uri, dst_path), allow_pickle=allow_pickle)
        return load_native(source, flavor.name, **options)

    def default_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
        formats = {"cloudpickle": include_cloudpickle, "skops": include_skops}
        more = [name for name, wanted in formats.items() if wanted]
        return requirements.infer((), packages=[*flavor.distributions, *more])

    def default_environment(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
        found = default_requirements(include_cloudpickle, include_skops)
        return requirements.resolve(defaults=lambda: found).conda

    _describe(save, "save_model", flavor, "path", (*options, *COMMON))
    _describe(log_, "log_model", flavor, "artifact_path", (*LOGGING, *options, *COMMON))
    load.__name__ = load.__qualname__ = "load_model"
    return Calls(
        save_model=save,
        log_model=log_,
        load_model=load,
        get_default_pip_requirements=default_requirements,
        get_default_conda_env=default_environment,
    )


def _options(save: Callable[..., Any], skip: int) -> dict[str, inspect.Parameter]:
    parameters = list(inspect.signature(save).parameters.values())[skip:]
    return {each.name: each for each in parameters}


def _model_and_place(
    flavor: Flavor, place: str, args: tuple[Any, ...], given: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """The first two arguments, by place or name."""
    rest = dict(given)
    if len(args) > 2:
        raise TypeError(
            f"{flavor.name}: only {flavor.model_argument} and {place} are positional, {len(args)} are given; "
            "write the others as name=value."
        )
    for name, value in zip((flavor.model_argument, place), args, strict=False):
        if name in rest:
            raise TypeError(f"{flavor.name}: {name} is given twice.")
        rest[name] = value
    if flavor.model_argument not in rest:
        raise TypeError(f"{flavor.name}: the argument {flavor.model_argument} is missing.")
    return rest.pop(flavor.model_argument), rest.pop(place, None), rest


def _split(
    flavor: Flavor, rest: dict[str, Any], options: dict[str, inspect.Parameter]
) -> tuple[Common, dict[str, Any]]:
    common = {name: rest.pop(name) for name in COMMON if name in rest and name not in options}
    chosen = {name: rest.pop(name) for name in options if name in rest}
    if rest:
        raise TypeError(
            f"{flavor.name}: unknown argument{'s' if len(rest) > 1 else ''} {', '.join(sorted(rest))}; there are "
            f"{', '.join(sorted({*options, *COMMON, *LOGGING}))}."
        )
    return Common(**common), chosen


def _describe(function: Any, name: str, flavor: Flavor, place: str, names: tuple[str, ...]) -> None:
    kind = inspect.Parameter.KEYWORD_ONLY
    flexible = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shown = dict.fromkeys(each for each in names if each != place)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"See the {flavor.name} page of the documentation. Returns " + (
        "the MLmodel." if name == "save_model" else "the ModelInfo."
    )
    function.__signature__ = inspect.Signature(
        [
            inspect.Parameter(flavor.model_argument, flexible),
            inspect.Parameter(place, flexible, default=None),
            *(inspect.Parameter(each, kind, default=None) for each in shown),
        ]
    )
