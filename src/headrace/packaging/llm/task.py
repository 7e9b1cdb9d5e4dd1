"""The tasks llm/v1/chat, llm/v1/completions and llm/v1/embeddings over any engine: pyfunc objects that speak OpenAI.

`predict` takes a request, a list of requests or a frame of them, and answers with a list of one response a row (one
for all rows with embeddings, as MLflow has it). `predict_stream` takes one request and yields chunks. Requests are
checked here and not against the signature, so that content parts, a bare list of messages or 16.0 for 16 pass
(`checks_own_input`).
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeVar

from headrace import clock
from headrace.errors import InvalidValue
from headrace.packaging.llm.engine import EmbeddingEngine, Engine, Generated, Job, until_stopped
from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.request import (
    ChatRequest,
    CompletionRequest,
    TextRequest,
    parse_chat,
    parse_completion,
    parse_embedding,
)
from headrace.packaging.llm.rows import rows_of

UNBOUNDED_TOKENS = 512  # of an answer where neither request, model nor context says how long it may get
CHAT, COMPLETIONS, EMBEDDINGS = "llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"
_R = TypeVar("_R")
_T = TypeVar("_T", bound=TextRequest)


class _TextTask:
    """defaults: the model's own options, which requests win over."""

    checks_own_input = True

    def __init__(self, engine: Engine, defaults: GenerationOptions | None = None) -> None:
        self.engine = engine
        self.defaults = defaults or GenerationOptions()

    def _check(self, request: TextRequest) -> None:
        options, supported = request.options, self.engine.supported
        for name in sorted(options.given() - {"max_tokens", "stop", "n"} - supported):
            value = getattr(options, name)
            if value != _NEUTRAL.get(name):
                raise InvalidValue(name, value, f"this model can't honour it; leave it out. It takes: {self._takes()}")
        if request.custom_inputs and "custom_inputs" not in supported:
            raise InvalidValue("custom_inputs", request.custom_inputs, "this model has no use for them; leave it out")

    def _takes(self) -> str:
        return ", ".join(sorted(self.engine.supported | {"max_tokens", "stop", "n", "stream"}))

    def _jobs(self, request: TextRequest, prompts: Sequence[str], *, field: str, rendered: bool) -> list[Job]:
        """One for each choice, prompt by prompt."""
        options = request.options.over(self.defaults)
        jobs = []
        for prompt in prompts:
            ids = self.engine.encode(prompt, rendered=rendered)
            max_tokens = self._max_tokens(options, len(ids), field)
            for choice in range(options.n):
                seed = None if options.seed is None else options.seed + choice
                jobs.append(Job(prompt=ids, max_tokens=max_tokens, options=options, seed=seed))
        return jobs

    def _max_tokens(self, options: GenerationOptions, prompt_tokens: int, field: str) -> int:
        if prompt_tokens == 0:
            raise InvalidValue(message=f"Parameter {field!r} holds no text that the model has tokens for.")
        context = self.engine.context_length
        if context is None:
            return options.max_tokens or UNBOUNDED_TOKENS
        left = context - prompt_tokens
        if left < 1:
            raise InvalidValue(
                message=f"Parameter {field!r} has {prompt_tokens} tokens; "
                f"prompt and answer together may have {context} in this model."
            )
        return min(options.max_tokens or left, left)


_NEUTRAL = {
    "temperature": 0.0,
    "top_p": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "repetition_penalty": 1.0,
}


class ChatTask(_TextTask):
    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        requests = _requests(model_input, params, "messages", parse_chat)
        batches = [self._answer_jobs(request) for request in requests]
        answers = iter(self.engine.generate([job for jobs in batches for job in jobs]))
        responses = []
        for jobs in batches:
            generated = [next(answers) for _ in jobs]
            choices = [
                {
                    "index": index,
                    "message": {"role": "assistant", "content": answer.text},
                    "finish_reason": answer.finish_reason,
                }
                for index, answer in enumerate(generated)
            ]
            head = _head("chatcmpl", "chat.completion", self.engine.model_name)
            responses.append({**head, "choices": choices, "usage": _usage(generated, len(jobs))})
        return responses

    def predict_stream(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Chunks: one that opens each choice with its role, the text as it comes, one that closes each choice."""
        request = _single(model_input, params, "messages", parse_chat)
        jobs = self._jobs(request, [self._prompt(request)], field="messages", rendered=True)
        head = _head("chatcmpl", "chat.completion.chunk", self.engine.model_name)

        def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            return {**head, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

        for index in range(len(jobs)):
            yield chunk(index, {"role": "assistant", "content": ""})
        tokens = 0
        with closing(self.engine.stream(jobs)) as pieces:
            for piece in until_stopped(pieces, jobs):
                tokens += piece.tokens
                if piece.text:
                    yield chunk(piece.job, {"content": piece.text})
                if piece.finish is not None:
                    yield chunk(piece.job, {}, piece.finish)
        if request.include_usage:
            yield {**head, "choices": [], "usage": _counts(len(jobs[0].prompt), tokens)}

    def _answer_jobs(self, request: ChatRequest) -> list[Job]:
        _not_streamed(request)
        return self._jobs(request, [self._prompt(request)], field="messages", rendered=True)

    def _prompt(self, request: ChatRequest) -> str:
        self._check(request)
        if request.tools and "tools" not in self.engine.supported:
            raise InvalidValue(
                "tools", request.tools, "this model's chat template has no place for tools; leave it out"
            )
        prompt = self.engine.render(request.messages, request.tools, request.custom_inputs)
        for position, message in enumerate(request.messages):
            # Templates may rewrite what the assistant said before; whatever else they drop would be ignored in silence.
            if message["role"] != "assistant" and not _shows(prompt, message["content"].strip()):
                raise InvalidValue(
                    f"messages[{position}].role", message["role"], "this model's chat template leaves such messages out"
                )
        return prompt


def _shows(prompt: str, content: str) -> bool:
    """As it is, or inside JSON, as some templates write what tools said."""
    escaped = (json.dumps(content, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return content in prompt or any(each in prompt for each in escaped)


class CompletionTask(_TextTask):
    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        requests = _requests(model_input, params, "prompt", parse_completion)
        batches = [self._answer_jobs(request) for request in requests]
        answers = iter(self.engine.generate([job for jobs in batches for job in jobs]))
        responses = []
        for request, jobs in zip(requests, batches, strict=True):
            generated = [next(answers) for _ in jobs]
            choices = [
                {"index": index, "text": answer.text, "finish_reason": answer.finish_reason}
                for index, answer in enumerate(generated)
            ]
            head = _head("cmpl", "text_completion", self.engine.model_name)
            usage = _usage(generated, len(jobs) // len(request.prompts))
            responses.append({**head, "choices": choices, "usage": usage})
        return responses

    def predict_stream(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        request = _single(model_input, params, "prompt", parse_completion)
        self._check(request)
        jobs = self._jobs(request, request.prompts, field="prompt", rendered=False)
        head = _head("cmpl", "text_completion", self.engine.model_name)
        tokens = 0
        with closing(self.engine.stream(jobs)) as pieces:
            for piece in until_stopped(pieces, jobs):
                tokens += piece.tokens
                if piece.text or piece.finish is not None:
                    choice = {"index": piece.job, "text": piece.text, "finish_reason": piece.finish}
                    yield {**head, "choices": [choice]}
        if request.include_usage:
            prompt_tokens = sum(len(job.prompt) for job in jobs[:: len(jobs) // len(request.prompts)])
            yield {**head, "choices": [], "usage": _counts(prompt_tokens, tokens)}

    def _answer_jobs(self, request: CompletionRequest) -> list[Job]:
        _not_streamed(request)
        self._check(request)
        return self._jobs(request, request.prompts, field="prompt", rendered=False)


class EmbeddingTask:
    checks_own_input = True

    def __init__(self, engine: EmbeddingEngine) -> None:
        self.engine = engine

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One answer for all rows, as MLflow gives it: `data` holds a vector for each text."""
        requests = _requests(model_input, params, "input", parse_embedding)
        vectors, tokens = self.engine.embed([text for request in requests for text in request.inputs])
        encoded = [request.base64 for request in requests for _ in request.inputs]
        wanted = [request.dimensions for request in requests for _ in request.inputs]
        for dimensions, vector in zip(wanted, vectors, strict=True):
            if dimensions is not None and dimensions != len(vector):
                raise InvalidValue("dimensions", dimensions, f"this model's vectors have {len(vector)}")
        return {
            "object": "list",
            "data": [
                {"index": index, "object": "embedding", "embedding": _base64(vector) if packed else vector}
                for index, (vector, packed) in enumerate(zip(vectors, encoded, strict=True))
            ],
            "model": self.engine.model_name,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _requests(
    model_input: Any, params: Mapping[str, Any] | None, field: str, parse: Callable[[Mapping[str, Any]], _R]
) -> list[_R]:
    """params: for every row that doesn't say it itself."""
    rows = rows_of(model_input, field)
    requests = []
    for number, row in enumerate(rows):
        try:
            requests.append(parse({**(params or {}), **row}))
        except InvalidValue as error:
            if len(rows) == 1:
                raise
            raise InvalidValue(error.field, error.value, message=f"Row {number}: {error.message}") from error
    return requests


def _single(
    model_input: Any, params: Mapping[str, Any] | None, field: str, parse: Callable[[Mapping[str, Any]], _T]
) -> _T:
    requests = _requests(model_input, params, field, parse)
    if len(requests) != 1:
        raise InvalidValue(message=f"A stream answers one request; {len(requests)} were given.")
    return requests[0]


def _not_streamed(request: TextRequest) -> None:
    if request.stream:
        raise InvalidValue("stream", True, "predict answers in one piece; call predict_stream for chunks")


def _head(prefix: str, kind: str, model_name: str) -> dict[str, Any]:
    return {
        "id": f"{prefix}-{clock.hex_id()}",
        "object": kind,
        "created": clock.now_ms() // 1000,
        "model": model_name,
    }


def _usage(generated: Sequence[Generated], choices_a_prompt: int) -> dict[str, int]:
    """A prompt counts once, however many choices were made of it."""
    prompt_tokens = sum(answer.prompt_tokens for answer in generated[::choices_a_prompt])
    return _counts(prompt_tokens, sum(answer.completion_tokens for answer in generated))


def _counts(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
