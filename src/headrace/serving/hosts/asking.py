"""From a call's bytes to the requests of a language model's task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from headrace.packaging.mlmodel import Model
from headrace.packaging.payload import decode
from headrace.packaging.payload.errors import BadPayload, UnknownContentType
from headrace.packaging.payload.request import parsed
from headrace.serving.call import Call, Reply
from headrace.serving.problems import problem, told

_R = TypeVar("_R")


class Task(Protocol[_R]):
    def requests(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[_R]: ...

    def parse(self, fields: Mapping[str, Any]) -> _R: ...


def requests_of(call: Call, task: Task[_R], meta: Model) -> list[_R]:
    """OpenAI's dialects ask once a call, /invocations once a row."""
    if call.kind != "invocations":
        return [task.parse(json_object(call.body))]
    found = decode(call.content_type, call.body, meta)
    requests = task.requests(found.data, found.params)
    if not requests:
        raise BadPayload("The body holds no row; at least one is needed.")
    return requests


def refusal(call: Call, error: Exception) -> Reply:
    status = 415 if isinstance(error, UnknownContentType) else None
    return problem(call.kind, told(error, "reading a request"), status=status)


def json_object(body: bytes) -> dict[str, Any]:
    found = parsed(body)
    if not isinstance(found, dict):
        raise BadPayload(f"The body must be a JSON object; it is a {type(found).__name__}.")
    return found
