"""Which store and registry the process speaks to: what was set, then the environment, then a folder of its own."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from urllib.parse import quote

from headrace import settings

EMBEDDED_FOLDER = ".headrace"
_PASSWORD = re.compile(r"(://[^/@:]*):[^@/]*@")
_WORDS = frozenset({"databricks", "databricks-uc", "uc"})  # URIs that look like paths

_lock = threading.Lock()
_set: dict[str, str] = {}


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """For this process and the children that it starts from now on; an empty one forgets it."""
    _remember("tracking", uri, settings.TRACKING_URI)


def get_tracking_uri() -> str:
    """Never empty: without any setting, the embedded store in ./.headrace, as an absolute file: URI."""
    return _set.get("tracking") or settings.TRACKING_URI.get() or (Path.cwd() / EMBEDDED_FOLDER).as_uri()


def is_tracking_uri_set() -> bool:
    return "tracking" in _set or settings.TRACKING_URI.is_set()


def set_registry_uri(uri: str | os.PathLike[str] | None) -> None:
    _remember("registry", uri, settings.REGISTRY_URI)


def get_registry_uri() -> str:
    return registry_uri_beside(get_tracking_uri())


def registry_uri_beside(tracking_uri: str) -> str:
    """What was set, else the registry of the store at that tracking URI."""
    return _set.get("registry") or settings.REGISTRY_URI.get() or tracking_uri


def shown_uri(uri: str) -> str:
    """For messages: without the password."""
    return _PASSWORD.sub(r"\1:***@", uri)


def _remember(which: str, uri: str | os.PathLike[str] | None, setting: settings.Setting[str | None]) -> None:
    text = _absolute(uri) if uri is not None else ""
    with _lock:
        before = _set.pop(which, None)
        if text:
            _set[which] = text
        # Spawned children read the environment; both spellings, since a child may be a script for MLflow.
        for name in setting.names:
            if text:
                os.environ[name] = text
            elif before is not None and os.environ.get(name) == before:
                del os.environ[name]


def _absolute(uri: str | os.PathLike[str]) -> str:
    """A path keeps its meaning when the process, or a child, changes its folder."""
    if not isinstance(uri, str):
        return Path(uri).absolute().as_uri()
    if uri and ":" not in uri and uri not in _WORDS:
        return str(Path(uri).expanduser().absolute())
    if uri.startswith("offline:"):
        return f"offline:{Path(uri.removeprefix('offline:')).expanduser().absolute()}"
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////") and uri != "sqlite:///:memory:":
        return f"sqlite:///{quote(str(Path.cwd()))}/{uri.removeprefix('sqlite:///')}"
    return uri
