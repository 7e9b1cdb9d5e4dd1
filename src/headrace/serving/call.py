"""One request on its way to a model's process, and what comes back."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["invocations", "chat", "completions", "embeddings", "infer"]
"""The dialect of body and answer: MLflow's /invocations, OpenAI's three, the Open Inference Protocol's."""

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
OPENAI: tuple[Kind, ...] = ("chat", "completions", "embeddings")
PATHS: dict[Kind, str] = {
    "invocations": "/invocations",
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "embeddings": "/v1/embeddings",
    "infer": "/v2/models/{name}/infer",
}
"""Where each is asked. name: of the model."""


class Call(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """id: unique in the process that serves. body: as it came, whatever is in it. content_type, accept: headers as they
    came, "" where there was none. deadline: of `clock.monotonic_s`, which all processes of a machine share; who finds
    it past answers 504 and doesn't begin."""

    id: int
    kind: Kind
    body: bytes
    content_type: str = ""
    accept: str = ""
    deadline: float


class Usage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tokens, as the engine counted them."""

    prompt: int
    completion: int


class Reply(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A whole answer, or the end of a streamed one, whose body is empty then.

    error: the code of the error tree where the call failed (`SCHEMA_ENFORCEMENT_FAILED`, `BAD_REQUEST` …), None where
    it didn't. field: of the request, where one is to blame. rows: that went through the model. predict_s: of the batch
    that it was part of; batch: how many calls shared it. queue_s: that it waited for a worker; the pool fills it in.
    """

    status: int
    body: bytes
    content_type: str = JSON
    error: str | None = None
    field: str | None = None
    rows: int = 0
    usage: Usage | None = None
    predict_s: float = 0.0
    batch: int = 1
    queue_s: float = 0.0


CANCELLED = Reply(status=499, body=b"", error="CANCELLED")
"""Nobody gets it; metrics tell of it."""
