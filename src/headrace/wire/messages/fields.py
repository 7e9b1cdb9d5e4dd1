"""Types of message fields, and the two bases of messages.

A message is the JSON object of a request or answer with MLflow's field names. Unset = None or an empty list, and
is left out of the JSON; a set but empty text or a zero is kept. A field without default is required in requests.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.errors import MissingValue

Text = Annotated[str, Meta(min_length=1)]  # required text: an empty one counts as missing
Int64 = Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)]
Millis = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Ids = Annotated[list[str], Meta(extra={"drops_strangers": True})]  # elements that aren't text are passed over
Double = float | str  # in answers: "NaN", "Infinity" and "-Infinity" are text, JSON has no such numbers

# Clients may send the number of an enum's value instead of its name; an unknown one counts as unset.
ViewTypeName = Annotated[
    Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"],
    Meta(extra={"numbers": {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"}}),
]
RunStatusName = Annotated[
    Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
    Meta(extra={"numbers": {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}}),
]
ModelStatusName = Annotated[
    Literal[
        "LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"
    ],
    Meta(
        extra={
            "numbers": {
                0: "LOGGED_MODEL_STATUS_UNSPECIFIED",
                1: "LOGGED_MODEL_PENDING",
                2: "LOGGED_MODEL_READY",
                3: "LOGGED_MODEL_UPLOAD_FAILED",
            }
        }
    ),
]


class Request(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown fields are forbidden only to the fast decoder; `wire.requests` then reads the body tolerantly."""


class Answer(msgspec.Struct, omit_defaults=True, kw_only=True):
    pass


class Nothing(Request, kw_only=True):
    """A request without fields."""


class Done(Answer, kw_only=True):
    """The answer of writes: {}."""


class RunAddress(Request, kw_only=True):
    """MLflow's clients name the run twice; either spelling will do."""

    run_id: str = ""
    run_uuid: str = ""

    def __post_init__(self) -> None:
        if not self.run_id and not self.run_uuid:
            raise MissingValue("run_id")

    @property
    def run(self) -> str:
        return self.run_id or self.run_uuid


class KeyValue(Request, kw_only=True):
    """A tag or param that a client sends; an absent value is stored as an empty one."""

    key: Text
    value: str = ""


class KeyValueAnswer(Answer, kw_only=True, gc=False):
    key: str
    value: str | None = None
