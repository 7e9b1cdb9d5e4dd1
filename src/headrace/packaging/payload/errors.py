"""What is wrong with a request before any model sees it."""

from __future__ import annotations

import re

from headrace.errors import CallerError

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")


class BadPayload(CallerError):
    """The body isn't in one of the forms that models take, or a value in it can't become the schema's type.

    field: the column or tensor that is to blame, where it is one.
    """

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @classmethod
    def at(cls, place: str, text: str) -> BadPayload:
        """place: as `row 3, 'age'`, whose name is the field."""
        return cls(f"{place}: {text}", field=field_in(place))


class UnknownContentType(BadPayload):
    """Over HTTP: 415."""


def field_in(place: str) -> str | None:
    """The first name in quotes."""
    found = _QUOTED.search(place)
    return found[1] if found else None
