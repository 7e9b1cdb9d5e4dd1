"""Values of parameters: given or default, checked by their types, paths and URIs looked up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.errors import InvalidValue
from headrace.projects.mlproject import EntryPoint, Parameter
from headrace.projects.quoting import quoted

_BOOLS = frozenset({"true", "false", "1", "0", "yes", "no", "on", "off"})


@dataclass(frozen=True, kw_only=True)
class Values:
    """Texts as the program gets them. declared: in the order of MLproject. extra: given, but not declared."""

    declared: Mapping[str, str]
    extra: Mapping[str, str]

    @property
    def all(self) -> dict[str, str]:
        return {**self.declared, **self.extra}

    def logged(self) -> dict[str, str]:
        """As MLflow logs them: quoted for the shell."""
        return {
            **{key: quoted(value) for key, value in self.declared.items()},
            **{quoted(key): quoted(value) for key, value in self.extra.items()},
        }


def check(entry_point: EntryPoint, given: Mapping[str, Any], folder: Path) -> Values:
    """Values with paths and URIs as they were written. InvalidValue names the parameter and what it may be."""
    missing = [name for name, each in entry_point.parameters.items() if name not in given and each.default is None]
    if missing:
        named = " ".join(f"-P {name}=…" for name in missing)
        names = ", ".join(map(repr, missing))
        raise InvalidValue(
            "parameters", message=f"No value for {names}, which entry point {entry_point.name!r} needs: {named}"
        )
    declared = {}
    for name, parameter in entry_point.parameters.items():
        text = _text(name, given.get(name, parameter.default))
        checks = _CHECKS.get(parameter.type)
        if checks is not None:
            checks(parameter, text, None if name in given else folder)
        declared[name] = text
    extra = {str(key): _text(key, value) for key, value in given.items() if key not in entry_point.parameters}
    return Values(declared=declared, extra=extra)


def located(entry_point: EntryPoint, values: Values, given: Mapping[str, Any], folder: Path, downloads: Path) -> Values:
    """With paths that the program can open: absolute, those of remote files downloaded below `downloads`."""
    declared = dict(values.declared)
    for position, (name, parameter) in enumerate(entry_point.parameters.items()):
        if parameter.type == "path":
            local = _local(declared[name])
            if local is None:
                declared[name] = _downloaded(declared[name], downloads / f"param_{position}")
            else:
                declared[name] = str(_found(name, local, None if name in given else folder))
    return Values(declared=declared, extra=values.extra)


def _text(name: object, value: Any) -> str:
    text = str(value)
    if "\0" in text:
        raise InvalidValue(f"parameters.{name}", text, "an argument of a program can't hold NUL.")
    return text


def _float(parameter: Parameter, text: str, _: Path | None) -> None:
    try:
        float(text)
    except ValueError:
        raise InvalidValue(f"parameters.{parameter.name}", text, "it is declared as float: a number.") from None


def _int(parameter: Parameter, text: str, _: Path | None) -> None:
    try:
        int(text)
    except ValueError:
        raise InvalidValue(f"parameters.{parameter.name}", text, "it is declared as int: a whole number.") from None


def _bool(parameter: Parameter, text: str, _: Path | None) -> None:
    if text.lower() not in _BOOLS:
        raise InvalidValue(
            f"parameters.{parameter.name}", text, "it is declared as bool: true or false, yes or no, on or off, 1 or 0."
        )


def _uri(parameter: Parameter, text: str, _: Path | None) -> None:
    if not urlsplit(text).scheme:
        raise InvalidValue(
            f"parameters.{parameter.name}", text, "it is declared as uri, which begins with a scheme: https://, file:/…"
        )


def _path(parameter: Parameter, text: str, folder: Path | None) -> None:
    local = _local(text)
    if local is not None:
        _found(parameter.name, local, folder)


_CHECKS = {"float": _float, "int": _int, "bool": _bool, "uri": _uri, "path": _path}


def _local(text: str) -> Path | None:
    """The path of a plain path or file: URI; None for other URIs."""
    parts = urlsplit(text)
    if not parts.scheme:
        return Path(text)
    return Path(unquote(parts.path)) if parts.scheme == "file" and not parts.netloc else None


def _found(name: str, path: Path, folder: Path | None) -> Path:
    """Absolute. A caller's path starts in the caller's folder, a default in the project's if it is there."""
    for start in filter(None, (folder, Path.cwd())):
        place = Path(os.path.abspath(start / path))  # noqa: PTH100 — links stay as they are
        if place.exists():
            return place
    where = f" (looked in {folder} and {Path.cwd()})" if folder and not path.is_absolute() else ""
    raise InvalidValue(f"parameters.{name}", str(path), f"it is declared as path, and nothing is there{where}.")


def _downloaded(uri: str, target: Path) -> str:
    from headrace.projects.download import download

    target.mkdir(parents=True, exist_ok=True)
    return str(download(uri, target))
