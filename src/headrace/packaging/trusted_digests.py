"""The digests of model folders that this user saved or said to trust: a private list, kept for good.

One line a word: `+ DIGEST` or `- DIGEST`; the last one counts. It is only ever appended to, each line in one write, so
any number of processes may share it. It lies in HEADRACE_HOME, else in XDG_DATA_HOME/headrace, and is believed only if
nobody else can write to it. Where it can't be written, a process still knows its own words.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from headrace import settings
from headrace.errors import Forbidden, InvalidValue

FILE_NAME = "trusted_models"
_HEX_DIGITS = 64
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

_here: dict[str, bool] = {}  # this process's own words
_lock = threading.Lock()


def home() -> Path:
    """Where this user's own files of Headrace lie."""
    given = settings.HOME.get()
    if given:
        return Path(given).expanduser()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path("~/.local/share").expanduser()) / "headrace"


def remember(digest: str) -> bool:
    """Trust that content from now on. False if only this process will know."""
    return _append("+", digest)


def forget(digest: str) -> bool:
    return _append("-", digest)


def contains(digest: str) -> bool:
    if digest in _here:
        return _here[digest]
    line = digest.encode()
    said = [each[:1] for each in _lines() if each[2:] == line]
    return bool(said) and said[-1] == b"+"


def is_empty() -> bool:
    return not _here and not _lines()


def _append(word: str, digest: str) -> bool:
    if len(digest) != _HEX_DIGITS or set(digest) - set("0123456789abcdef"):
        raise InvalidValue("digest", digest, f"{_HEX_DIGITS} hex digits in lower case.")
    with _lock:
        _here[digest] = word == "+"
    path = home() / FILE_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | _NOFOLLOW, 0o600)
        try:
            os.write(descriptor, f"{word} {digest}\n".encode())
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return True


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)


def _lines() -> list[bytes]:
    path = home() / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | _NOFOLLOW)
    except OSError:
        return []
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        owner = getattr(os, "geteuid", lambda: found.st_uid)()
        if found.st_uid != owner or found.st_mode & _OTHERS_WRITE:
            raise Forbidden(
                f"{path} could be written by others, so the list of trusted models in it isn't believed. "
                f"Make it yours alone: chmod 600 {path}"
            )
        return file.read().splitlines()
