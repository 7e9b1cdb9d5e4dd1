"""Signing in to a registry for one run: in a configuration of its own, gone afterwards; the user's stays as it is."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from headrace.environments.tool import Tool
from headrace.errors import InvalidValue

HUB = "https://index.docker.io/v1/"
_KEYS = ("username", "password", "registry")
_IGNORED = ("email", "reauth", "dockercfg_path")  # of docker-py's login, which MLflow hands them to
_LINKED = ("contexts", "cli-plugins", "tls")


@contextmanager
def logged_in(docker: Tool, auth: Mapping[str, str] | None) -> Iterator[Tool]:
    """The docker command, with these credentials if there are any."""
    if not auth:
        yield docker
        return
    for key in auth:
        if key not in _KEYS + _IGNORED:
            raise InvalidValue("docker_auth", key, f"there are {', '.join(_KEYS)}.")
    if not auth.get("username") or not auth.get("password"):
        raise InvalidValue("docker_auth", sorted(auth), "username and password are needed.")
    with tempfile.TemporaryDirectory(prefix="headrace-docker-") as folder:
        _write(Path(folder), auth)
        yield replace(docker, first=("--config", folder, *docker.first))


def _write(folder: Path, auth: Mapping[str, str]) -> None:
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config = json.loads((own / "config.json").read_bytes())
    except (OSError, ValueError):
        config = {}
    for name in _LINKED:
        if (own / name).exists():
            (folder / name).symlink_to(own / name)
    secret = base64.b64encode(f"{auth['username']}:{auth['password']}".encode()).decode()
    registry = auth.get("registry") or HUB
    config["auths"] = {**config.get("auths", {}), registry: {"auth": secret}}
    # A store of credentials would be asked instead of this file.
    config.pop("credsStore", None)
    config["credHelpers"] = {host: helper for host, helper in config.get("credHelpers", {}).items() if host != registry}
    place = folder / "config.json"
    place.touch(mode=0o600)
    place.write_text(json.dumps(config), encoding="utf-8")
