"""Answers in OpenAI's shape: whole responses, and the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from headrace import clock
from headrace.packaging.llm.engine import Generated, Piece, TokenChance


class _Answer:
    """To one request. prompts: how many it had; each has the same number of choices, one after another."""

    prefix: str
    whole_kind: str
    chunk_kind: str

    def __init__(self, model_name: str, prompts: int = 1) -> None:
        self._prompts = prompts
        self._head = {
            "id": f"{self.prefix}-{clock.hex_id()}",
            "object": self.whole_kind,
            "created": clock.now_ms() // 1000,
            "model": model_name,
        }

    def whole(self, generated: Sequence[Generated]) -> dict[str, Any]:
        choices = [self._choice(index, answer) for index, answer in enumerate(generated)]
        lengths = [answer.prompt_tokens for answer in generated]
        used = counts(self.prompt_tokens(lengths), sum(answer.completion_tokens for answer in generated))
        return {**self._head, "choices": choices, "usage": used}

    def prompt_tokens(self, lengths: Sequence[int]) -> int:
        """A prompt counts once, however many choices were made of it. lengths: of each choice's prompt."""
        return sum(lengths[:: len(lengths) // self._prompts])

    def opening(self, choices: int) -> Iterator[dict[str, Any]]:  # noqa: ARG002 — only chats open
        yield from ()

    def chunks(self, piece: Piece) -> Iterator[dict[str, Any]]:
        """Of a piece that may be shown."""
        raise NotImplementedError

    def usage(self, prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
        """The chunk that ends a stream whose request asked for it."""
        return {**self._chunk_head(), "choices": [], "usage": counts(prompt_tokens, completion_tokens)}

    def _chunk(self, choice: dict[str, Any]) -> dict[str, Any]:
        return {**self._chunk_head(), "choices": [choice]}

    def _chunk_head(self) -> dict[str, Any]:
        return {**self._head, "object": self.chunk_kind}

    def _choice(self, index: int, answer: Generated) -> dict[str, Any]:
        raise NotImplementedError


class ChatAnswer(_Answer):
    prefix, whole_kind, chunk_kind = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def opening(self, choices: int) -> Iterator[dict[str, Any]]:
        for index in range(choices):
            yield self._delta(index, {"role": "assistant", "content": ""})

    def chunks(self, piece: Piece) -> Iterator[dict[str, Any]]:
        """The text, and apart from it the end."""
        if piece.text or piece.chances:
            yield self._delta(piece.job, {"content": piece.text}, chances=piece.chances)
        if piece.finish is not None:
            yield self._delta(piece.job, {}, piece.finish)

    def _delta(
        self, index: int, delta: dict[str, Any], finish: str | None = None, chances: Sequence[TokenChance] = ()
    ) -> dict[str, Any]:
        return self._chunk({"index": index, "delta": delta, "finish_reason": finish, **_listed(chances)})

    def _choice(self, index: int, answer: Generated) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer.text}
        return {
            "index": index,
            "message": message,
            "finish_reason": answer.finish_reason,
            **_listed(answer.chances),
        }


def _listed(chances: Sequence[TokenChance]) -> dict[str, Any]:
    if not chances:
        return {}
    content = [
        {**_token(each.token, each.logprob), "top_logprobs": [_token(*other) for other in each.top]} for each in chances
    ]
    return {"logprobs": {"content": content, "refusal": None}}


def _token(token: str, logprob: float) -> dict[str, Any]:
    # A token that ends within a character has no text of its own, and the engine doesn't tell its bytes.
    whole = "\ufffd" not in token
    return {"token": token, "logprob": logprob, "bytes": list(token.encode()) if whole else None}


class CompletionAnswer(_Answer):
    prefix, whole_kind, chunk_kind = "cmpl", "text_completion", "text_completion"

    def __init__(self, model_name: str, prompts: int = 1) -> None:
        super().__init__(model_name, prompts)
        self._offsets: dict[int, int] = {}  # of each choice's text so far, in characters

    def chunks(self, piece: Piece) -> Iterator[dict[str, Any]]:
        if piece.text or piece.chances or piece.finish is not None:
            yield self._chunk(self._text(piece.job, piece.text, piece.finish, piece.chances))

    def _choice(self, index: int, answer: Generated) -> dict[str, Any]:
        return self._text(index, answer.text, answer.finish_reason, answer.chances)

    def _text(self, index: int, text: str, finish: str | None, chances: Sequence[TokenChance]) -> dict[str, Any]:
        choice = {"index": index, "text": text, "finish_reason": finish}
        if chances:
            choice["logprobs"] = self._table(index, chances)
        return choice

    def _table(self, index: int, chances: Sequence[TokenChance]) -> dict[str, Any]:
        offset = self._offsets.get(index, 0)
        offsets = []
        for each in chances:
            offsets.append(offset)
            offset += len(each.token)
        self._offsets[index] = offset
        return {
            "tokens": [each.token for each in chances],
            "token_logprobs": [each.logprob for each in chances],
            # As OpenAI's: the chosen token is among them, likely or not.
            "top_logprobs": [dict([*each.top, (each.token, each.logprob)]) for each in chances],
            "text_offset": offsets,
        }


def counts(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
