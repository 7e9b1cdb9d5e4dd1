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
from typing import Any, Generic, TypeVar

from headrace.errors import ContextExceeded, InvalidValue
from headrace.packaging.llm.answers import ChatAnswer, CompletionAnswer
from headrace.packaging.llm.engine import EmbeddingEngine, Engine, Job, until_stopped
from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.request import (
    ChatRequest,
    CompletionRequest,
    EmbeddingRequest,
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


class _TextTask(Generic[_T]):
    """defaults: the model's own options, which requests win over. A request becomes `jobs` for the engine, and what
    those bring becomes its `answer`; `predict` does both, and a server that mixes requests does each when it can."""

    checks_own_input = True
    field: str
    kind: type[ChatAnswer | CompletionAnswer]

    def __init__(self, engine: Engine, defaults: GenerationOptions | None = None) -> None:
        self.engine = engine
        self.defaults = defaults or GenerationOptions()

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        requests = self.requests(model_input, params)
        batches = []
        for request in requests:
            if request.stream:
                raise InvalidValue("stream", True, "predict answers in one piece; call predict_stream for chunks")
            batches.append(self.jobs(request))
        answers = iter(self.engine.generate([job for jobs in batches for job in jobs]))
        return [
            self.answer(request).whole([next(answers) for _ in jobs])
            for request, jobs in zip(requests, batches, strict=True)
        ]

    def predict_stream(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Chunks: of a chat, one that opens each choice with its role; the text as it comes; the end of each choice."""
        requests = self.requests(model_input, params)
        if len(requests) != 1:
            raise InvalidValue(message=f"A stream answers one request; {len(requests)} were given.")
        (request,) = requests
        jobs, answer = self.jobs(request), self.answer(request)
        yield from answer.opening(len(jobs))
        tokens = 0
        with closing(self.engine.stream(jobs)) as pieces:
            for piece in until_stopped(pieces, jobs):
                tokens += piece.tokens
                yield from answer.chunks(piece)
        if request.include_usage:
            yield answer.usage(answer.prompt_tokens([len(job.prompt) for job in jobs]), tokens)

    def requests(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[_T]:
        """One a row; params are for those that don't say it themselves."""
        return _requests(model_input, params, self.field, self.parse)

    def parse(self, fields: Mapping[str, Any]) -> _T:
        raise NotImplementedError

    def prompts(self, request: _T) -> Sequence[str]:
        """Checked: what this model can't honour is refused."""
        raise NotImplementedError

    def jobs(self, request: _T) -> list[Job]:
        """One for each choice, prompt by prompt."""
        options = request.options.over(self.defaults)
        jobs = []
        for prompt in self.prompts(request):
            ids = self.engine.encode(prompt, rendered=self.field == "messages")
            max_tokens = self._max_tokens(options, len(ids))
            for choice in range(options.n):
                seed = None if options.seed is None else options.seed + choice
                jobs.append(Job(prompt=ids, max_tokens=max_tokens, options=options, seed=seed))
        return jobs

    def answer(self, request: _T, model_name: str | None = None) -> ChatAnswer | CompletionAnswer:
        """model_name: another than the engine's."""
        return self.kind(model_name or self.engine.model_name, request.prompt_count)

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

    def _max_tokens(self, options: GenerationOptions, prompt_tokens: int) -> int:
        if prompt_tokens == 0:
            raise InvalidValue(message=f"Parameter {self.field!r} holds no text that the model has tokens for.")
        context = self.engine.context_length
        if context is None:
            return options.max_tokens or UNBOUNDED_TOKENS
        left = context - prompt_tokens
        if left < 1:
            raise ContextExceeded(self.field, prompt_tokens, context)
        return min(options.max_tokens or left, left)


_NEUTRAL = {
    "temperature": 0.0,
    "top_p": 1.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "repetition_penalty": 1.0,
}


class ChatTask(_TextTask[ChatRequest]):
    field, kind = "messages", ChatAnswer

    def parse(self, fields: Mapping[str, Any]) -> ChatRequest:
        return parse_chat(fields)

    def prompts(self, request: ChatRequest) -> Sequence[str]:
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
        return [prompt]


def _shows(prompt: str, content: str) -> bool:
    """As it is, or inside JSON, as some templates write what tools said."""
    escaped = (json.dumps(content, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return content in prompt or any(each in prompt for each in escaped)


class CompletionTask(_TextTask[CompletionRequest]):
    field, kind = "prompt", CompletionAnswer

    def parse(self, fields: Mapping[str, Any]) -> CompletionRequest:
        return parse_completion(fields)

    def prompts(self, request: CompletionRequest) -> Sequence[str]:
        self._check(request)
        return request.prompts


class EmbeddingTask:
    checks_own_input = True

    def __init__(self, engine: EmbeddingEngine) -> None:
        self.engine = engine

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One answer for all rows, as MLflow gives it: `data` holds a vector for each text."""
        requests = self.requests(model_input, params)
        vectors, tokens = self.engine.embed([text for request in requests for text in request.inputs])
        return self.answer(requests, vectors, sum(tokens))

    def requests(self, model_input: Any, params: Mapping[str, Any] | None = None) -> list[EmbeddingRequest]:
        return _requests(model_input, params, "input", self.parse)

    def parse(self, fields: Mapping[str, Any]) -> EmbeddingRequest:
        return parse_embedding(fields)

    def answer(
        self,
        requests: Sequence[EmbeddingRequest],
        vectors: Sequence[Sequence[float]],
        tokens: int,
        model_name: str | None = None,
    ) -> dict[str, Any]:
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
            "model": model_name or self.engine.model_name,
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
