"""What a backend offers so that a task can speak OpenAI's language for it.

The task parses, checks, renders and counts; the engine turns token ids into tokens. A job is one answer to be
generated: `n` choices are `n` jobs, so an engine never sees `n`. Engines that only step through tokens write `stream`
and get `generate` by `collect(self.stream(jobs), jobs)`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

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
class Piece:
    """One step of one job. text: what it adds, empty while a character isn't whole, without special tokens.
    tokens: how many were generated for it, the closing one included. finish: on the last piece of a job only."""

    job: int
    text: str
    tokens: int = 1
    finish: FinishReason | None = None


@dataclass(frozen=True, kw_only=True)
class Generated:
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int


class Engine(Protocol):
    """Thread safety is the engine's to keep: a task may be called from several threads.

    supported: names of what it honours beside max_tokens and stop: temperature, top_p, top_k, seed, frequency_penalty,
    presence_penalty, repetition_penalty; tools and custom_inputs if `render` makes use of them.
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


class EmbeddingEngine(Protocol):
    model_name: str

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        """A vector for each text, and how many tokens they were together."""
        ...


def collect(pieces: Iterable[Piece], jobs: Sequence[Job]) -> list[Generated]:
    """Whole answers out of a stream, ended early where a stop word came."""
    answers: list[list[str]] = [[] for _ in jobs]
    counts = [0] * len(jobs)
    reasons: list[FinishReason] = ["length"] * len(jobs)
    for piece in until_stopped(pieces, jobs):
        answers[piece.job].append(piece.text)
        counts[piece.job] += piece.tokens
        if piece.finish is not None:
            reasons[piece.job] = piece.finish
    return [
        Generated(text="".join(answer), finish_reason=reason, prompt_tokens=len(job.prompt), completion_tokens=count)
        for job, answer, count, reason in zip(jobs, answers, counts, reasons, strict=True)
    ]


def until_stopped(pieces: Iterable[Piece], jobs: Sequence[Job]) -> Iterator[Piece]:
    """The same pieces without stop words; text that may become one waits. Ends jobs whose stop word came."""
    words = [StopFilter(job.options.stop) for job in jobs]
    for piece in pieces:
        job, seen = jobs[piece.job], words[piece.job]
        if job.done:
            continue
        text, finish = seen.push(piece.text), piece.finish
        if seen.hit is not None:
            finish = "stop"
        elif finish is not None:
            text += seen.flush()
        job.done = finish is not None
        yield Piece(job=piece.job, text=text, tokens=piece.tokens, finish=finish)
        if all(each.done for each in jobs):
            return
