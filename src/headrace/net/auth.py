"""Who is calling: the Authorization header from environment or credentials file, put on by a transport."""

from __future__ import annotations

import base64
import configparser
import os
from collections.abc import Callable
from functools import lru_cache
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
    username, password = settings.USERNAME.get(), settings.PASSWORD.get()
    if not (username and password):
        file_username, file_password = _from_files()
        username, password = username or file_username, password or file_password
    if username and password:
        return basic(username, password)
    token = settings.TOKEN.get()
    return bearer(token) if token else None


def _from_files() -> tuple[str | None, str | None]:
    for name in CREDENTIALS_FILES:
        path = os.path.expanduser(name)  # noqa: PTH111 — asked at every request, and pathlib is ten times slower
        try:
            changed_ns = os.stat(path).st_mtime_ns  # noqa: PTH116 — as above
        except OSError:
            continue
        found = _read(path, changed_ns)
        if found is not None:
            return found
    return None, None


@lru_cache(maxsize=8)
def _read(path: str, changed_ns: int) -> tuple[str | None, str | None] | None:  # noqa: ARG001 — read anew when it changes
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with Path(path).open(encoding="utf-8") as file:
            parser.read_file(file)
    except OSError:
        return None
    except (configparser.Error, UnicodeDecodeError) as error:
        # Not the parser's own words: they quote the line, which may be the password's.
        raise InvalidValue("credentials file", path, f"it isn't an INI file ({type(error).__name__}).") from None
    for section in ("headrace", "mlflow"):
        if parser.has_section(section):
            return (
                parser.get(section, f"{section}_tracking_username", fallback=None),
                parser.get(section, f"{section}_tracking_password", fallback=None),
            )
    return None


def _header_safe(token: str) -> str:
    token = token.strip()
    if not token.isascii() or any(character.isspace() for character in token):
        raise InvalidValue(settings.TOKEN.names[0], "…", "a token is one word of ASCII characters.")
    return token
