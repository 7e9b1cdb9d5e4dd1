"""Several answers out of one `Generator` of onnxruntime-genai, a token each at a step.

Rows end by themselves, at their closing token, their bound or because nobody reads on; the others go on. What a row
says doesn't depend on its neighbours: logits are the same bits as alone, since the model never reads again what it has
generated, as a prompt, which gives other bits. The exception is a row whose context the padding of its batch takes
away: it goes on alone, from what it has said.

A row with a seed draws as `genai_choice` does, so that a seed says the same wherever the model runs; its generator is
left with the one token that was drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.genai_choice import Choice, Search
from headrace.flavors.genai_rows import Parts, Row
from headrace.packaging.llm.engine import Job, Piece
from headrace.packaging.llm.options import GenerationOptions

SEEDS = 2**31


class GenaiBatch:
    def __init__(self, parts: Parts, search: Search, jobs: Sequence[Job]) -> None:
        self._running = [_Running(parts, search, [Row(parts, number, job) for number, job in enumerate(jobs)])]

    @property
    def ended(self) -> bool:
        return not self._running

    def takes(self, job: Job) -> bool:  # noqa: ARG002 — a generator's rows are those that it began with
        return False

    def add(self, job: Job) -> int:  # noqa: ARG002
        raise AssertionError("a generator takes no row once it has begun")

    def step(self) -> list[Piece]:
        pieces: list[Piece] = []
        for running in list(self._running):
            pieces.extend(running.step())
            if running.over:
                self._running.remove(running)
                self._running.extend(running.cut_short())
                pieces.extend(running.out_of_context())
        return pieces


class _Running:
    """A generator and its rows."""

    def __init__(self, parts: Parts, search: Search, rows: Sequence[Row]) -> None:
        self._parts, self._search, self._rows = parts, search, rows
        self._choices = [Choice(search, row.job) for row in rows] if _draws(rows[0].job) else []
        self._penalised = rows[0].penalised
        self._tells_chances = any(row.job.options.logprobs is not None for row in rows)
        self._generator = _generator(parts, rows)

    @property
    def over(self) -> bool:
        return bool(self._generator.is_done()) or all(row.ended for row in self._rows)

    def step(self) -> Iterator[Piece]:
        if self.over:
            return
        logits: Any = None
        if self._penalised or self._tells_chances or self._choices:
            logits = self._generator.get_logits().copy()
        if self._choices:
            self._generator.set_logits(self._chosen(logits))
        elif self._penalised:
            changed = logits.copy()
            for position, row in enumerate(self._rows):
                row.penalise(changed[position, -1])
            self._generator.set_logits(changed)
        self._generator.generate_next_token()
        tokens = self._generator.get_next_tokens()
        for position, (row, token) in enumerate(zip(self._rows, tokens, strict=True)):
            if not row.ended:
                yield row.said(int(token), None if logits is None else logits[position, -1])

    def _chosen(self, logits: Any) -> Any:
        """Logits that leave each row but one token."""
        import numpy as np

        chosen = np.full_like(logits, np.finfo(logits.dtype).min)
        for position, (row, choice) in enumerate(zip(self._rows, self._choices, strict=True)):
            if not row.ended:
                chosen[position, -1, choice.token(row, logits[position, -1].astype(np.float32))] = 0
        return chosen

    def cut_short(self) -> Iterator[_Running]:
        """Padding takes context from the shorter prompts of a batch."""
        if len(self._rows) > 1:
            for row in self._rows:
                if not row.ended:
                    yield _Running(self._parts, self._search, [row])

    def out_of_context(self) -> Iterator[Piece]:
        for row in self._rows:
            if len(self._rows) == 1 and not row.ended:
                yield Piece(job=row.number, text="", tokens=0, finish="length")


def _draws(job: Job) -> bool:
    """Whether it has a chance of its own. What follows a schema is drawn by onnxruntime-genai, which knows the tokens
    that fit."""
    return job.seed is not None and job.options.sample is not False and job.options.response_format is None


def room(parts: Parts, jobs: Sequence[Job]) -> int:
    """What a batch of the jobs takes in the caches, in tokens: each row as much as the longest."""
    longest = max(len(job.prompt) for job in jobs) + max(job.max_tokens for job in jobs)
    return len(jobs) * _within(parts, longest)


def _within(parts: Parts, length: int) -> int:
    return length if parts.context_length is None else min(length, parts.context_length)


def _generator(parts: Parts, rows: Sequence[Row]) -> Any:
    """With the prompts read."""
    import numpy as np
    import onnxruntime_genai as og

    first = rows[0].job
    prompts = [[*row.job.prompt, *row.tokens] for row in rows]
    width = max(map(len, prompts))
    parameters = og.GeneratorParams(parts.model)
    seed = {} if first.seed is None else {"random_seed": first.seed % SEEDS}
    parameters.set_search_options(
        max_length=_within(parts, width + max(row.left for row in rows)),
        batch_size=len(rows),
        **search_options(first.options),
        **seed,
    )
    schema = first.options.response_format
    if schema is not None:
        parameters.set_guidance(*guidance_of(schema))
    try:
        generator = og.Generator(parts.model, parameters)
    except RuntimeError as error:
        if schema is None:
            raise
        raise InvalidValue("response_format", schema, f"the engine can't follow it: {error}") from error
    # Padded at the end, as its own tokenizer does: padding before a prompt would shift what attention sees.
    generator.append_tokens(
        np.array([prompt + [parts.pad] * (width - len(prompt)) for prompt in prompts], dtype=np.int32)
    )
    return generator


def guidance_of(schema: str) -> tuple[str, str]:
    """A JSON schema as onnxruntime-genai takes it. No white space is allowed: models that weren't trained to write JSON
    would fill it up with that."""
    return "json_schema", json.dumps({"x-guidance": {"whitespace_flexible": False}, **json.loads(schema)})


def search_options(options: GenerationOptions) -> dict[str, Any]:
    """What of the options onnxruntime-genai knows, by its names; what isn't given is the model's own setting."""
    found: dict[str, Any] = {} if options.sample is None else {"do_sample": options.sample}
    if options.sample is not False:
        given = {"temperature": options.temperature, "top_p": options.top_p, "top_k": options.top_k}
        found.update({name: value for name, value in given.items() if value is not None})
    if options.repetition_penalty is not None:
        found["repetition_penalty"] = options.repetition_penalty
    return found
