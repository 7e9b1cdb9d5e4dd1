"""Tracking URI → where the server is and how the caller proves who it is."""

from __future__ import annotations

import configparser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from headrace import settings
from headrace.client.uri import shown_uri
from headrace.errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class Address:
    """base: without a slash at its end. authorization: asked at every request. foreign: certainly no server of ours."""

    base: str
    authorization: Callable[[], str | None]
    foreign: bool = False


def resolve(uri: str) -> Address:
    from headrace.net import auth

    scheme = "databricks" if uri == "databricks" else urlsplit(uri).scheme
    if scheme in ("http", "https"):
        parts = _checked(uri)
        if parts.username is None:
            return Address(base=web_address(uri), authorization=auth.from_environment)
        given = auth.basic(unquote(parts.username), unquote(parts.password or ""))
        return Address(base=web_address(uri), authorization=lambda: given)
    if scheme == "databricks":
        return _databricks(urlsplit(uri).netloc)
    if scheme == "azureml":
        return Address(base=web_address(uri), authorization=_azure_ml, foreign=True)
    raise InvalidValue("tracking URI", shown_uri(uri), "an http:// or https:// address is needed.")


def web_address(uri: str) -> str:
    """An http(s) URI without user, query, fragment and slash at the end; azureml: becomes https:."""
    parts = _checked(uri)
    scheme = "https" if parts.scheme == "azureml" else parts.scheme
    return urlunsplit((scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def run_page(uri: str, experiment_id: str, run_id: str) -> str | None:
    """Where a browser shows the run; None for stores without a server."""
    if urlsplit(uri).scheme not in ("http", "https"):
        return None
    return f"{web_address(uri)}/#/experiments/{experiment_id}/runs/{run_id}"


def _checked(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidValue("tracking URI", shown_uri(uri), f"{error}.") from None
    if not host:
        raise InvalidValue("tracking URI", shown_uri(uri), "the address has no host.")
    return parts


def _bearer(token: str | None) -> str | None:
    from headrace.net import auth

    return auth.bearer(token) if token else None


def _azure_ml() -> str | None:
    return _bearer(settings.TOKEN.get() or settings.AZUREML_TOKEN.get())


def _databricks(profile: str) -> Address:
    host, token = settings.DATABRICKS_HOST.get(), settings.DATABRICKS_TOKEN.get()
    if profile or not host:
        host, token = _databricks_profile(profile or "DEFAULT")
    if not host or not token:
        raise InvalidValue(
            "tracking URI",
            f"databricks://{profile}" if profile else "databricks",
            "DATABRICKS_HOST and DATABRICKS_TOKEN must be set, or a profile with host and token in ~/.databrickscfg.",
        )
    if "://" not in host:
        host = f"https://{host}"

    def current() -> str | None:
        return _bearer(token if profile else settings.DATABRICKS_TOKEN.get() or token)

    return Address(base=web_address(host), authorization=current, foreign=True)


def _databricks_profile(profile: str) -> tuple[str | None, str | None]:
    parser = configparser.ConfigParser(interpolation=None)
    path = Path("~/.databrickscfg").expanduser()
    try:
        parser.read(path, encoding="utf-8")
    except configparser.Error as error:
        raise InvalidValue("~/.databrickscfg", str(path), f"it isn't an INI file ({type(error).__name__}).") from None
    if profile != parser.default_section and not parser.has_section(profile):
        return None, None
    return parser.get(profile, "host", fallback=None), parser.get(profile, "token", fallback=None)
