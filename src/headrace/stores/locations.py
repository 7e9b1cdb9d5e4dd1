"""Artifact locations: where an experiment's files go, and the run and model folders below."""

from __future__ import annotations

import posixpath
from pathlib import Path
from urllib.parse import urlparse, urlsplit, urlunsplit

from headrace import settings
from headrace.entities.limits import check_length, check_text
from headrace.errors import InvalidValue

_FIELD = "artifact_location"


def checked(location: str) -> str:
    """As given, but a relative path made absolute. Fragments, `;parameters` and `runs:` aren't allowed, a query is."""
    check_text(_FIELD, location)
    check_length(_FIELD, location, settings.ARTIFACT_LOCATION_MAX_LENGTH.get())
    try:
        parts = urlparse(location)
    except ValueError as error:
        raise InvalidValue(_FIELD, location, f"a path or URI is needed ({error}).") from None
    if parts.fragment or "#" in location:
        raise InvalidValue(_FIELD, location, "a fragment (#…) isn't allowed; a query (?…) is.")
    if parts.params:
        raise InvalidValue(_FIELD, location, "parameters (;…) aren't allowed; a query (?…) is.")
    if parts.scheme == "runs":
        raise InvalidValue(_FIELD, location, "a runs: URI points into a run; give a folder or an object store.")
    if parts.scheme:
        return location
    return location if location.startswith("/") else Path(location).absolute().as_posix()


def of_experiment(root: str, experiment_id: str) -> str:
    return joined(root, experiment_id)


def of_run(experiment_location: str, run_id: str) -> str:
    return joined(experiment_location, run_id, "artifacts")


def of_model(experiment_location: str, model_id: str) -> str:
    return joined(experiment_location, "models", model_id, "artifacts")


def joined(location: str, *names: str) -> str:
    """names appended to the path of a path or URI; a query stays at the end."""
    parts = urlsplit(location)
    if not parts.scheme:
        return posixpath.join(location, *names)
    if not parts.query:
        return posixpath.join(location, *names)
    return urlunsplit(parts._replace(path=posixpath.join(parts.path or "/", *names)))
