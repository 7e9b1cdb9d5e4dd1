"""What a backend offers so that a task can speak OpenAI's language for it.

The task parses, checks, renders and counts; the engine turns token ids into tokens. A job is one answer to be
generated: `n` choices are `n` jobs, so an engine never sees `n`. Engines that only step through tokens write `stream`
and get `generate` by `collect(self.stream(jobs), jobs)`. Those that can be driven one step at a time (`Stepping`) let a
server mix what came at different times.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.stop import StopFilter

FinishReason = Literal["stop", "length"]


@dataclass(kw_only=True)
class Job:
    """prompt: token ids. max_tokens: the bound that holds, already within the context. options: those of the request
    over the model's own; `options.sample` None leaves sampling to the model's settings. seed: this answer's own.
    done: set by whoever has read enough; the engine generates nothing more for it then."""

    prompt: Sequence[int]
    max_tokens: int
    options: GenerationOptions = field(default_factory=GenerationOptions)
    seed: int | None = None
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class TokenChance:
    """logprob: natural logarithm of the token's chance by the model itself, before temperature, penalties and guidance.
    top: the likeliest tokens at its place, the likeliest first."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


class Piece(NamedTuple):
    """One step of one job. text: what it adds, empty while a character isn't whole, without special tokens.
    tokens: how many were generated for it, the closing one included. finish: on the last piece of a job only.
    chances: of its tokens but the closing one, where the job's options ask for them."""

    job: int
    text: str
    tokens: int = 1
    finish: FinishReason | None = None
    chances: tuple[TokenChance, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Generated:
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    chances: tuple[TokenChance, ...] = ()


class Engine(Protocol):
    """Thread safety is the engine's to keep: a task may be called from several threads.

    supported: names of what it honours beside max_tokens and stop: temperature, top_p, top_k, seed, frequency_penalty,
    presence_penalty, repetition_penalty, logprobs, response_format; tools and custom_inputs if `render` makes use of
    them.
    context_length: of prompt and answer together, in tokens; None: no bound known.
    """

    model_name: str
    supported: frozenset[str]
    context_length: int | None

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        custom_inputs: Mapping[str, Any],
    ) -> str:
        """The prompt by the model's chat template, ready for the answer to follow."""
        ...

    def encode(self, text: str, *, rendered: bool) -> Sequence[int]:
        """rendered: the text comes from `render` and already has its special tokens."""
        ...

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        """In the order of the jobs. Stops at the latest when `max_tokens` are there or the text holds a stop word."""
        ...

    def stream(self, jobs: Sequence[Job]) -> Generator[Piece, None, None]:
        """Pieces as they come, of all jobs mixed. Closing the iterator ends the work."""
        ...


class Batch(Protocol):
    """Jobs that go through the model together. Not for several threads."""

    @property
    def ended(self) -> bool: ...

    def takes(self, job: Job) -> bool:
        """Whether the job, whose key is that of the others, may be added now."""
        ...

    def add(self, job: Job) -> int:
        """Its number."""
        ...

    def step(self) -> list[Piece]:
        """About a token of each job that isn't done; `Piece.job` is the job's number: its place among those that the
        batch was started with, or what `add` said."""
        ...


class Stepping(Engine, Protocol):
    """max_batch: jobs of a batch that is started. max_batch_tokens: bound on the `room` of all batches together."""

    max_batch: int
    max_batch_tokens: int

    def alike(self, job: Job) -> Hashable:
        """Jobs of equal keys may share a batch; None for one that must be alone."""
        ...

    def room(self, jobs: Sequence[Job]) -> int:
        """Tokens that a batch of them would take in the caches."""
        ...

    def start(self, jobs: Sequence[Job]) -> Batch:
        """InvalidValue where an option turns out wrong."""
        ...


class EmbeddingEngine(Protocol):
    model_name: str

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], list[int]]:
        """A vector for each text, and how many tokens it had."""
        ...


class Growing:
    """An answer as its pieces come, without stop words: text that may become one waits."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.tokens = 0
        self.finish: FinishReason | None = None
        self._words = StopFilter(job.options.stop)
        self._texts: list[str] = []
        self._chances: list[TokenChance] = []

    def push(self, piece: Piece, number: int | None = None) -> Piece:
        """What of the piece may be shown. Sets `job.done` where the answer is complete; no more may come then. number:
        the job's for the reader, if another than the engine's."""
        text, finish = self._words.push(piece.text), piece.finish
        if self._words.hit is not None:
            finish = "stop"
        elif finish is not None:
            text += self._words.flush()
        self.tokens += piece.tokens
        self.finish = finish
        if finish is not None:
            self.job.done = True  # never False: whoever cancels may have set it meanwhile
        self._texts.append(text)
        # The tokens that make up a stop word aren't shown, and what of their text came before it is told by no token.
        chances = piece.chances if self._words.hit is None else ()
        self._chances.extend(chances)
        return Piece(piece.job if number is None else number, text, piece.tokens, finish, chances)

    def generated(self) -> Generated:
        return Generated(
            text="".join(self._texts),
            finish_reason=self.finish or "length",
            prompt_tokens=len(self.job.prompt),
            completion_tokens=self.tokens,
            chances=tuple(self._chances),
        )


def collect(pieces: Iterable[Piece], jobs: Sequence[Job]) -> list[Generated]:
    """Whole answers out of a stream, ended early where a stop word came."""
    answers = [Growing(job) for job in jobs]
    for _ in _grown(pieces, answers):
        pass
    return [answer.generated() for answer in answers]


def until_stopped(pieces: Iterable[Piece], jobs: Sequence[Job]) -> Iterator[Piece]:
    """The same pieces without stop words. Ends jobs whose stop word came."""
    return _grown(pieces, [Growing(job) for job in jobs])


def _grown(pieces: Iterable[Piece], answers: Sequence[Growing]) -> Iterator[Piece]:
    for piece in pieces:
        answer = answers[piece.job]
        if answer.job.done:
            continue
        yield answer.push(piece)
        if all(each.job.done for each in answers):
            return
