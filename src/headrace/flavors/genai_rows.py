"""What an answer of onnxruntime-genai is made of while it grows: tokens, their text, and their chances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace.packaging.llm.engine import FinishReason, Job, Piece, TokenChance

PRIMING_TOKENS = 8  # more than a character can have


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Of a model. closing: tokens that end an answer. pad: what fills short prompts up. context_length: in tokens."""

    model: Any
    tokenizer: Any
    closing: frozenset[int]
    pad: int
    context_length: int | None


class Row:
    """number: of the job in its batch. tokens: generated so far."""

    def __init__(self, parts: Parts, number: int, job: Job) -> None:
        self.number, self.job = number, job
        self.tokens: list[int] = []
        self.counts: dict[int, int] = {}
        self._parts = parts
        self._closed = False
        # SentencePiece tokenizers write a word with the space before it, and what stands before says if it shows.
        self._decoder = parts.tokenizer.create_stream()
        for token in job.prompt[-PRIMING_TOKENS:]:
            self._decoder.decode(token)

    @property
    def left(self) -> int:
        return self.job.max_tokens - len(self.tokens)

    @property
    def ended(self) -> bool:
        return self._closed or self.job.done or self.left == 0

    def said(self, token: int, logits: Any) -> Piece:
        """logits: of the model itself at the token's place, one for each token; looked at where chances are asked
        for."""
        self.tokens.append(token)
        self.counts[token] = self.counts.get(token, 0) + 1
        if token in self._parts.closing:
            self._closed = True
            return Piece(job=self.number, text="", finish="stop")
        finish: FinishReason | None = "length" if self.left == 0 else None
        top = self.job.options.logprobs
        chances = () if top is None else (_chance(self._parts.tokenizer, logits, token, top),)
        return Piece(job=self.number, text=self._decoder.decode(token), finish=finish, chances=chances)

    def penalise(self, logits: Any) -> None:
        """OpenAI's formula, in place: each token so far costs the presence penalty once, the frequency penalty each
        time."""
        options = self.job.options
        for token, count in self.counts.items():
            logits[token] -= (options.presence_penalty or 0.0) + count * (options.frequency_penalty or 0.0)

    @property
    def penalised(self) -> bool:
        return bool(self.job.options.frequency_penalty or self.job.options.presence_penalty)


def _chance(tokenizer: Any, logits: Any, token: int, top: int) -> TokenChance:
    import numpy as np

    scores = logits.astype(np.float64)
    scores -= scores.max()
    scores -= np.log(np.exp(scores).sum())
    likeliest = np.argsort(-scores, kind="stable")[:top]
    before = [int(part) for part in tokenizer.encode("a")]
    return TokenChance(
        token=_within(tokenizer, before, token),
        logprob=float(scores[token]),
        top=tuple((_within(tokenizer, before, int(other)), float(scores[other])) for other in likeliest),
    )


def _within(tokenizer: Any, before: Sequence[int], token: int) -> str:
    """The token's text as it stands after others, where the space before a word shows."""
    return str(tokenizer.decode([*before, token]))[len(tokenizer.decode(before)) :]
