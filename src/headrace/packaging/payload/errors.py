"""What is wrong with a request before any model sees it."""

from __future__ import annotations

from headrace.errors import CallerError


class BadPayload(CallerError):
    """The body isn't in one of the forms that models take, or a value in it can't become the schema's type."""

    code = "BAD_REQUEST"


class UnknownContentType(BadPayload):
    """Over HTTP: 415."""
