"""MLflow's dialect, /invocations: every form of a request, the answer as JSON, Arrow or msgpack."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from headrace.packaging.mlmodel import Model
from headrace.packaging.payload.columnar import to_arrow
from headrace.packaging.payload.errors import UnknownContentType
from headrace.packaging.payload.packed import pack
from headrace.packaging.payload.quick import QuickForms
from headrace.packaging.payload.quick_answer import encode_quickly
from headrace.packaging.payload.request import ARROW, CONTENT_TYPES, JSON, MSGPACK, MSGPACKS, decode, media_type
from headrace.serving.call import Call
from headrace.serving.hosts.joining import Mould, mould_of
from headrace.serving.hosts.work import Work, Written


class Invocations:
    """Reads the requests of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._quick = {JSON: QuickForms(model), MSGPACK: QuickForms(model, msgspec.msgpack)}

    def read(self, call: Call) -> Work:
        """Raises BadPayload, and what else judges the request."""
        kind = _kind(call)
        quick = self._quick.get(kind)
        if quick:
            found = quick.read(call.body)
            if found is not None:
                return self._work(call, found[0], found[1], unwrapped=False)
        request = decode(kind, call.body, self._model)
        return self._work(call, request.data, request.params, unwrapped=request.unwrapped)

    def _work(self, call: Call, data: Any, params: dict[str, Any] | None, *, unwrapped: bool) -> Work:
        return Work(
            call=call,
            data=data,
            params=params,
            write=functools.partial(_write, call.accept, unwrapped),
            mould=self._mould(data),
        )

    def _mould(self, data: Any) -> Mould:
        """A list is one input a place where the type hint says so; else what a list means depends on all of it."""
        if isinstance(data, list) and not self._model.is_signature_from_type_hint:
            return Mould(None, len(data))
        return mould_of(data)


def _kind(call: Call) -> str:
    if call.content_type in (JSON, ""):
        if not call.content_type and call.body.lstrip()[:1] not in (b"{", b"["):
            known = ", ".join(CONTENT_TYPES.values())
            raise UnknownContentType(f"The request has no Content-Type and its body isn't JSON; there are {known}.")
        return JSON
    return media_type(call.content_type)


def _write(accept: str, unwrapped: bool, predictions: Any) -> Written:
    if accept and accept != "*/*":
        wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
        if ARROW in wanted and not unwrapped:
            return to_arrow(predictions), ARROW
        for name in MSGPACKS:
            if name in wanted:
                return pack(predictions, unwrapped=unwrapped), name
    return encode_quickly(predictions, unwrapped=unwrapped), JSON
