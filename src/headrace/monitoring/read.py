"""One sample, read as its model read it: the input's data and the answer's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from headrace.packaging import payload
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload.packed import unpack
from headrace.packaging.payload.quick import QuickForms
from headrace.packaging.payload.request import JSON, LLM_KEYS, MSGPACKS, parsed
from headrace.serving.call import Call
from headrace.serving.hosts.infer import Infer
from headrace.serving.samples import Sample


class Reading(NamedTuple):
    """data: what `joined` of serving takes. rows: of the answer, None where they aren't known (a streamed answer).
    described: data and rows say what a request to a language model is like; they aren't columns of its signature."""

    data: Any
    rows: list[Any] | None
    described: bool = False


class Reader:
    """Of one model."""

    def __init__(self, model: Model) -> None:
        self._model, self._quick, self._infer = model, QuickForms(model), Infer(model, "")

    def read(self, sample: Sample) -> Reading:
        """Raises what the model's process would, for a request that doesn't fit; BadPayload for an answer that
        can't be read."""
        if sample.kind == "infer":
            call = Call(id=0, kind="infer", body=sample.request, content_type=sample.request_type, deadline=0.0)
            return Reading(self._infer.read(call).data, _tensors(_answer(sample)))
        if sample.kind != "invocations":
            body = parsed(sample.request)
            return Reading([_asked(body, sample)], [_told(_answer(sample), sample)], described=True)
        if self._quick and sample.request_type.partition(";")[0].strip().lower() == JSON:
            found = self._quick.read(sample.request)
            if found is not None:
                return Reading(found[0], _predictions(_answer(sample)))
        request = payload.decode(sample.request_type, sample.request, self._model)
        if request.unwrapped and isinstance(request.data, dict):
            return Reading([_asked(request.data, sample)], [_told(_answer(sample), sample)], described=True)
        return Reading(request.data, _predictions(_answer(sample)))


def _answer(sample: Sample) -> Any:
    """None for one that wasn't kept, or not to its end."""
    if not sample.reply or len(sample.reply) < sample.reply_bytes:
        return None
    kind = sample.reply_type.partition(";")[0].strip().lower()
    if kind == JSON:
        return parsed(sample.reply)
    return unpack(sample.reply) if kind in MSGPACKS else None


def _predictions(answer: Any) -> list[Any] | None:
    found = answer.get("predictions") if isinstance(answer, dict) else None
    return None if found is None else payload.as_rows(found)


def _tensors(answer: Any) -> list[Any] | None:
    """Of the Open Inference Protocol's JSON: a tensor alone as values, several as an object a row."""
    outputs = answer.get("outputs") if isinstance(answer, dict) else None
    if not isinstance(outputs, list) or any("data" not in output for output in outputs):
        return None
    columns = {}
    for output in outputs:
        rows, values = output["shape"][0], output["data"]
        width = len(values) // rows if rows else 0
        columns[output["name"]] = (
            values if width <= 1 else [values[at * width : (at + 1) * width] for at in range(rows)]
        )
    return next(iter(columns.values())) if len(columns) == 1 else payload.as_rows(columns)


def _asked(body: Mapping[str, Any], sample: Sample) -> dict[str, Any]:
    """What a request to a language model is like; not what it says."""
    given = next((body[key] for key in LLM_KEYS if key in body), "")
    messages = given if isinstance(given, list) else [given]
    return {
        "messages": len(messages),
        "prompt_characters": sum(map(_characters, messages)),
        "prompt_tokens": sample.prompt_tokens,
    }


def _characters(message: Any) -> int:
    content = message.get("content") if isinstance(message, Mapping) else message
    if isinstance(content, list):
        return sum(len(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return len(content) if isinstance(content, str) else 0


def _told(answer: Any, sample: Sample) -> dict[str, Any]:
    whole = answer[0] if isinstance(answer, list) and answer else answer
    choices = whole.get("choices") if isinstance(whole, Mapping) else None
    first: Any = choices[0] if isinstance(choices, list) and choices else {}
    said = first.get("message") or first.get("text") or ""
    return {
        "answer_characters": _characters(said) if first else None,
        "completion_tokens": sample.completion_tokens,
        "finish_reason": first.get("finish_reason"),
    }
