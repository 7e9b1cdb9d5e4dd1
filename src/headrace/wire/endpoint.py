"""The row type of the endpoint table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import msgspec

Permission = Literal["public", "read", "write", "admin"]
Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

JSON = "application/json"
BYTES = "application/octet-stream"
TEXT = "text/plain"
EVENTS = "text/event-stream"
ZIP = "application/zip"
CHART = "application/vnd.headrace.chart"

_PLACEHOLDER = re.compile(r"\{(\w+)(?::path)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[Q, A]):
    """One operation of the API.

    methods: all are answered; our client uses the first. path: may hold {field} or {field:path} (slashes allowed);
    these fields of `request` come from the path, those of GET from the query, others from the JSON body.
    ajax: also answered under /ajax-api. upload: the body is the file itself, fields come from path and query.
    media: content types of the answer, the first is the default; anything but JSON is made by the route itself.
    errors: codes that the caller should expect beside those that every route may answer.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    request: type[Q]
    answer: type[A]
    permission: Permission
    doc: str
    errors: tuple[str, ...] = ()
    ajax: bool = True
    upload: bool = False
    media: tuple[str, ...] = (JSON,)

    @property
    def mounts(self) -> tuple[str, ...]:
        """Every path that answers, without the server's static prefix."""
        if self.ajax and self.path.startswith("/api/"):
            return (self.path, "/ajax-" + self.path[1:])
        return (self.path,)

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(_PLACEHOLDER.findall(self.path))

    @property
    def is_raw(self) -> bool:
        """The route reads or answers bytes and makes the HTTP response itself."""
        return self.upload or self.media[0] != JSON
