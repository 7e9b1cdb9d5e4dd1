"""`--env-file`: lines NAME=VALUE, as in .env files; `export `, quotes and # comments are understood."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from headrace.errors import InvalidValue

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def load(path: str) -> None:
    """Sets what isn't set. InvalidValue, with the line, for anything else than NAME=VALUE."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidValue("--env-file", path, f"it can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidValue("--env-file", path, "it isn't UTF-8 text.") from None
    for name, value in parsed(text).items():
        os.environ.setdefault(name, value)


def parsed(text: str) -> dict[str, str]:
    found = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals or not _NAME.fullmatch(name):
            raise InvalidValue("--env-file", raw, f"line {number} must be NAME=VALUE.")
        found[name] = _unquoted(value.strip(), number)
    return found


def _unquoted(value: str, number: int) -> str:
    if value[:1] not in ("'", '"'):
        return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        raise InvalidValue("--env-file", value, f"line {number}: the quote isn't closed.") from None
    return words[0] if words else ""
