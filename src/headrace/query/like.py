"""LIKE and ILIKE: `%` is any text, `_` one character, newlines included; there is no escape character."""

from __future__ import annotations

_FOLD = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """ILIKE's fold: `A`–`Z` become `a`–`z`, nothing else changes.

    SQLite's lower() and PostgreSQL's lower(x COLLATE "C") do just this; a wider fold differs between versions and
    locales of PostgreSQL, so that the same search would find different runs.
    """
    return text.translate(_FOLD)


def like(text: str, pattern: str) -> bool:
    """Time is at most len(text) × len(pattern), linear where the pattern has no `_`."""
    pieces = pattern.split("%")
    if len(pieces) == 1:
        return len(text) == len(pattern) and _fits(text, 0, pattern)
    first, *middle, last = pieces
    end = len(text) - len(last)
    if end < len(first) or not _fits(text, 0, first) or not _fits(text, end, last):
        return False
    at = len(first)
    for piece in middle:
        at = _find(text, piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _fits(text: str, at: int, piece: str) -> bool:
    """The piece (no %) stands at `at`, where the text is long enough."""
    if "_" not in piece:
        return text.startswith(piece, at)
    return all(wanted in ("_", text[at + i]) for i, wanted in enumerate(piece))


def _find(text: str, piece: str, at: int, end: int) -> int:
    if "_" not in piece:
        return text.find(piece, at, end)
    for start in range(at, end - len(piece) + 1):
        if _fits(text, start, piece):
            return start
    return -1
