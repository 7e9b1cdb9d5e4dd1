"""Who is calling: the Authorization header from environment or credentials file, put on by a transport."""

from __future__ import annotations

import base64
import configparser
from collections.abc import Callable
from pathlib import Path

from headrace import settings
from headrace.errors import InvalidValue
from headrace.net.message import Request, Response, Transport

CREDENTIALS_FILES = ("~/.headrace/credentials", "~/.mlflow/credentials")


class Authenticated:
    """authorization: asked at each request, so that a renewed token counts at once; None leaves the header out."""

    def __init__(self, inner: Transport, authorization: Callable[[], str | None]) -> None:
        self._inner, self._authorization = inner, authorization

    def send(self, request: Request) -> Response:
        value = self._authorization()
        return self._inner.send(request.with_headers({"Authorization": value}) if value else request)

    def close(self) -> None:
        self._inner.close()


def basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def bearer(token: str) -> str:
    return f"Bearer {_header_safe(token)}"


def from_environment() -> str | None:
    """Basic if user and password are known (environment first, then credentials file), else the bearer token."""
    file_username, file_password = _from_files()
    username = settings.USERNAME.get() or file_username
    password = settings.PASSWORD.get() or file_password
    if username and password:
        return basic(username, password)
    token = settings.TOKEN.get()
    return bearer(token) if token else None


def _from_files() -> tuple[str | None, str | None]:
    for name in CREDENTIALS_FILES:
        path = Path(name).expanduser()
        parser = configparser.ConfigParser(interpolation=None)
        try:
            with path.open(encoding="utf-8") as file:
                parser.read_file(file)
        except (OSError, RuntimeError):
            continue
        except configparser.Error as error:
            raise InvalidValue("credentials file", str(path), f"it isn't an INI file: {error}") from None
        for section, prefix in (("headrace", "headrace_"), ("mlflow", "mlflow_")):
            if parser.has_section(section):
                return (
                    parser.get(section, f"{prefix}tracking_username", fallback=None),
                    parser.get(section, f"{prefix}tracking_password", fallback=None),
                )
    return None, None


def _header_safe(token: str) -> str:
    token = token.strip()
    if not token.isascii() or any(character.isspace() for character in token):
        raise InvalidValue(settings.TOKEN.names[0], "…", "a token is one word of ASCII characters.")
    return token
