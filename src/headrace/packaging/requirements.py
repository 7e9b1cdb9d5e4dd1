"""What a model needs to run: inferred from its objects, or as its user says; one line for each distribution.

`infer` pins what the model's modules come from. `resolve` follows MLflow's rules for `pip_requirements`,
`extra_pip_requirements` and `conda_env`, and puts `mlflow` first, so that MLflow's own tools can serve the folder; an
environment that Headrace builds has Headrace in that place.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from headrace import settings
from headrace.environments import requirement
from headrace.environments.conda_file import pip_of, read_yaml
from headrace.environments.installed import canonical, distribution, origin_of
from headrace.environments.requirement import Line, Lines, Requirement, Verbatim
from headrace.environments.versions import Clause
from headrace.errors import InvalidValue, shown
from headrace.packaging.env_files import EnvFiles, environment_of, read, write
from headrace.packaging.imports import modules_of
from headrace.packaging.mismatches import Mismatch, install_line, mismatches, missing
from headrace.packaging.mlflow_version import VERSION

__all__ = [
    "EnvFiles",
    "Mismatch",
    "infer",
    "install_line",
    "merge",
    "mismatches",
    "missing",
    "modules_of",
    "read",
    "resolve",
    "write",
]

_MLFLOW = ("mlflow", "mlflow-skinny", "mlflow-tracing")


def infer(modules: Iterable[str], *, packages: Iterable[str] = ()) -> list[str]:
    """Pinned requirements, sorted: of the distributions that modules come from, and of `packages` by their names.

    The user's own modules and standard ones ask for nothing. A package that isn't installed is named without version.
    """
    found: dict[str, str] = {}
    for name in packages:
        installed = distribution(name)
        found[canonical(name)] = installed.requirement() if installed else canonical(name)
    for module in modules:
        origin = origin_of(module)
        if origin is not None:
            found.setdefault(origin.name, origin.requirement())
    return [line for _, line in sorted(found.items())]


def provider(module: str, otherwise: str) -> str:
    """The distribution that a module comes from here: of some packages there are several builds under several names.
    otherwise: where it isn't installed."""
    origin = origin_of(module)
    return origin.name if origin else otherwise


def resolve(
    *,
    pip_requirements: Iterable[str] | str | os.PathLike[str] | None = None,
    extra_pip_requirements: Iterable[str] | str | os.PathLike[str] | None = None,
    conda_env: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    defaults: Callable[[], list[str]] = list,
) -> EnvFiles:
    """At most one of the first three. defaults: asked only where the user doesn't give all requirements."""
    given = {
        "conda_env": conda_env,
        "pip_requirements": pip_requirements,
        "extra_pip_requirements": extra_pip_requirements,
    }
    several = [name for name, value in given.items() if value is not None]
    if len(several) > 1:
        raise InvalidValue(message=f"At most one of {', '.join(given)} may be given; here are {' and '.join(several)}.")
    conda = None if conda_env is None else _conda(conda_env)
    if conda is not None:
        own = requirement.read_lines(pip_of(conda))
    elif pip_requirements is not None:
        own = _lines("pip_requirements", pip_requirements)
    else:
        own = _lines("extra_pip_requirements", extra_pip_requirements or [])
    complete = conda is not None or pip_requirements is not None
    lines = merge([] if complete else map(requirement.parse, defaults()), own.requirements)
    if not any(map(_is_mlflow, lines)):
        lines.insert(0, requirement.parse(f"mlflow=={VERSION}"))
    _warn_of_places([*lines, *own.constraints])
    environment = environment_of(lines, own.constraints, conda)
    if settings.LOCK_MODEL_DEPENDENCIES.get():
        from headrace.packaging import lock  # what it imports takes as long as all the rest

        wanted = [str(line) for line in lines if not _is_mlflow(line)]
        text = lock.lock_or_warn(wanted, environment.constraints, str(environment.python_env["python"]))
        environment = replace(environment, lock=text)
    return environment


def _lines(name: str, given: object) -> Lines:
    if isinstance(given, str | os.PathLike):
        return requirement.read(os.fspath(given))
    lines = list(given) if isinstance(given, Iterable) else None
    if lines is None or not all(isinstance(line, str) for line in lines):
        raise InvalidValue(name, given, "a list of requirement strings, or the path of a requirements file.")
    return requirement.read_lines(lines)


def _conda(given: object) -> dict[str, Any]:
    if isinstance(given, str | os.PathLike):
        if not Path(given).is_file():
            raise InvalidValue("conda_env", str(given), "there is no such file.")
        return read_yaml(Path(given))
    if isinstance(given, Mapping):
        return dict(given)
    raise InvalidValue("conda_env", given, "a dict, or the path of a conda environment file (YAML).")


def _is_mlflow(line: Line) -> bool:
    if isinstance(line, Requirement):
        return line.key in _MLFLOW
    return "/mlflow" in line.text


def _warn_of_places(lines: Iterable[Line]) -> None:
    for line in lines:
        if isinstance(line, Verbatim) and line.local:
            warnings.warn(
                f"Requirement {shown(line.text)} names a place on this machine; it can't be installed elsewhere. "
                "Give a package from an index or an URL, or put the code into code_paths.",
                stacklevel=4,
            )


def merge(inferred: Iterable[Line], own: Iterable[Line]) -> list[Line]:
    """One line for each distribution and marker. What a user wrote wins; where it says no version, the inferred one
    stands. The inferred ones come first. Names are canonical."""
    users = _combined(own, contradictions=True)
    result: list[Line] = []
    for key, line in _combined(inferred, contradictions=False).items():
        name = key[0]
        mine = [users.pop(each) for each in list(users) if each[0] == name]
        result += [_filled(each, line) for each in mine] or [line]
    return [*result, *users.values()]


def _combined(lines: Iterable[Line], *, contradictions: bool) -> dict[tuple[str, str], Line]:
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        if isinstance(line, Verbatim):
            found.setdefault((line.text, ""), line)
            continue
        key = (line.key, line.marker or "")
        known = found.get(key)
        named = replace(line, name=line.key)
        found[key] = _both(known, named, contradictions) if isinstance(known, Requirement) else named
    return found


def _filled(own: Line, inferred: Line) -> Line:
    if not isinstance(own, Requirement) or not isinstance(inferred, Requirement):
        return own
    extras = tuple(sorted({*own.extras, *inferred.extras}))
    if own.clauses or own.url:
        return replace(own, extras=extras)
    return replace(own, extras=extras, clauses=inferred.clauses, url=inferred.url)


def _both(first: Requirement, second: Requirement, contradictions: bool) -> Requirement:
    extras = tuple(sorted({*first.extras, *second.extras}))
    options = " ".join(dict.fromkeys(text for text in (first.options, second.options) if text))
    clauses = _narrowed((*first.clauses, *second.clauses))
    urls = {url for url in (first.url, second.url) if url}
    if clauses is None or len(urls) > 1:
        if contradictions:
            raise InvalidValue(
                message=f"Requirements {str(first)!r} and {str(second)!r} contradict each other; keep one of them."
            )
        return replace(first, extras=extras)
    return replace(first, extras=extras, options=options, clauses=() if urls else clauses, url=first.url or second.url)


def _narrowed(clauses: tuple[Clause, ...]) -> tuple[Clause, ...] | None:
    """The same conditions, each once; a pin alone where there is one; None if no version can satisfy two of them."""
    each = tuple(dict.fromkeys(clauses))
    pins = [clause for clause in each if clause.operator in ("==", "===") and not clause.version.endswith(".*")]
    if not pins:
        return each
    for pin in pins:
        if all(clause.matches(pin.version) for clause in each):
            return (pin,)
    return None
