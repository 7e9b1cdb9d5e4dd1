"""API keys: who may ask the models. The process keeps their hashes only."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path

from headrace.errors import InvalidValue, Unauthenticated

MIN_KEY_CHARS = 8


class Keys:
    """keys: any of them opens. Raises InvalidValue for one that is too short to be secret."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._hashes = [_hash(_checked(key)) for key in keys]
        if not self._hashes:
            raise InvalidValue(message="No API key was given: name at least one, or none of the options for keys.")

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Raises Unauthenticated. Compares with every key, so that the time tells nothing."""
        given = _given(headers)
        if given is None:
            raise Unauthenticated(
                "This server wants an API key: send it as 'Authorization: Bearer KEY' or 'x-api-key'."
            )
        found, mine = False, hashlib.sha256(given).digest()
        for each in self._hashes:
            found |= hmac.compare_digest(each, mine)
        if not found:
            raise Unauthenticated("The API key isn't one of this server's.")


def keys_of_file(path: Path) -> list[str]:
    """One a line; empty lines and lines that begin with # are none."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _given(headers: Mapping[bytes, bytes]) -> bytes | None:
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return credentials.strip()
    return headers.get(b"x-api-key")


def _checked(key: str) -> str:
    if len(key) < MIN_KEY_CHARS or not key.isprintable() or key != key.strip():
        raise InvalidValue(
            message=f"An API key of {len(key)} characters was refused: at least {MIN_KEY_CHARS} printable ones are "
            "needed, without spaces around them. One way to make a key: openssl rand -hex 24"
        )
    return key


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
