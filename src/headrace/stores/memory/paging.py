from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from headrace.entities import Page
from headrace.stores import tokens

T = TypeVar("T")


def page(found: Sequence[T], max_results: int, page_token: str | None, digest: str) -> Page[T]:
    """The page of an ordered result that starts where the token says. The place in a token is an offset."""
    start = 0
    if page_token:
        start = tokens.decode(page_token, digest)
        if not isinstance(start, int) or start < 0:
            raise tokens.refused(page_token)
    end = start + max_results
    return Page(found[start:end], tokens.encode(digest, end) if end < len(found) else None)
