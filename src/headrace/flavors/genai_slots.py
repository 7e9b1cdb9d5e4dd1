"""Continuous batches of an onnxruntime-genai folder: a row begins at any step and leaves its slot when it ends.

Rows that speak have the first slots, in a row; behind them stands the one whose prompt is being read. A step reads at
most READ_TOKENS of prompts, so that long ones don't hold up those who speak, and says a token for each that does. Every
row has its own sampling and seed, and what it says doesn't depend on the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace.flavors.genai_choice import Choice, Search
from headrace.flavors.genai_engine import GenaiEngine
from headrace.flavors.genai_rows import Parts, Row
from headrace.flavors.genai_session import FIRST_LENGTH, Session
from headrace.packaging.llm.engine import Batch, Generated, Job, Piece

READ_TOKENS = 128  # of prompts a step
MAX_ROWS = 32
_EXPECTED_TOKENS = 512  # of an answer that nobody bounds, when it is asked whether there is room


@dataclass(kw_only=True, eq=False)
class _Slot:
    """read: tokens that the caches hold."""

    row: Row
    choice: Choice
    read: int = 0


class SlotBatch:
    def __init__(self, session: Session, parts: Parts, search: Search, max_tokens: int) -> None:
        self._session, self._parts, self._search, self._max_tokens = session, parts, search, max_tokens
        self._speaking: list[_Slot] = []
        self._reading: deque[_Slot] = deque()
        self._caches = session.caches(1, FIRST_LENGTH)
        self._added = 0

    @property
    def ended(self) -> bool:
        return not self._speaking and not self._reading

    def takes(self, job: Job) -> bool:
        """Bounded by what the caches will about need, which is allocated as rows grow."""
        rows = len(self._speaking) + len(self._reading)
        if rows == 0:
            return True
        jobs = [slot.row.job for slot in (*self._speaking, *self._reading)] + [job]
        longest = max(len(each.prompt) + min(each.max_tokens, _EXPECTED_TOKENS) for each in jobs)
        return rows < MAX_ROWS and (rows + 1) * longest <= self._max_tokens

    def add(self, job: Job) -> int:
        number, self._added = self._added, self._added + 1
        row = Row(self._parts, number, job)
        self._reading.append(_Slot(row=row, choice=Choice(self._search, job)))
        return number

    def step(self) -> list[Piece]:
        self._drop()
        pieces = self._read()
        self._drop()
        if self._speaking:
            pieces += self._speak()
            self._drop()
        return pieces

    def _drop(self) -> None:
        """Rows that have ended; the last one that speaks takes the slot of each."""
        while self._reading and self._reading[0].row.ended and not self._reading[0].read:
            self._reading.popleft()
        for place in range(len(self._speaking) - 1, -1, -1):
            if self._speaking[place].row.ended:
                last = len(self._speaking) - 1
                self._caches.move(last, place, self._speaking[last].read)
                self._speaking[place] = self._speaking[last]
                self._speaking.pop()
                if self._reading and self._reading[0].read:
                    self._caches.move(last + 1, last, self._reading[0].read)
        if self._reading and self._reading[0].row.ended:
            self._reading.popleft()

    def _read(self) -> list[Piece]:
        """Prompts; each that is through says its first token."""
        pieces = []
        budget = READ_TOKENS
        while self._reading and budget > 0:
            slot = self._reading[0]
            if slot.row.ended:
                self._reading.popleft()
                continue
            prompt = slot.row.job.prompt
            count = _next_count(len(prompt) - slot.read, budget)
            if count == 0:
                break
            place = len(self._speaking)
            self._make_room(place + 1, slot.read + count)
            ids = np.array([prompt[slot.read : slot.read + count]], dtype=np.int64)
            slot.read += count
            logits = self._session.run(self._caches, place, ids, [slot.read])
            budget -= count
            if slot.read == len(prompt):
                self._reading.popleft()
                self._speaking.append(slot)
                pieces.append(slot.row.said(slot.choice.token(slot.row, logits[0]), logits[0]))
        return pieces

    def _speak(self) -> list[Piece]:
        slots = self._speaking
        self._make_room(len(slots), max(slot.read for slot in slots) + 1)
        ids = np.array([[slot.row.tokens[-1]] for slot in slots], dtype=np.int64)
        for slot in slots:
            slot.read += 1
        logits = self._session.run(self._caches, 0, ids, [slot.read for slot in slots])
        likeliest = logits.argmax(axis=1).tolist()
        pieces = []
        for place, slot in enumerate(slots):
            plain = slot.choice.plain and not slot.row.penalised
            token = likeliest[place] if plain else slot.choice.token(slot.row, logits[place])
            pieces.append(slot.row.said(token, logits[place]))
        return pieces

    def _make_room(self, slots: int, length: int) -> None:
        """For so many slots, and one of so many tokens. What is allocated anew follows from the rows that are there, so
        that neither a long row nor a crowd of the past counts any more."""
        have = self._caches
        if slots <= have.slots and length <= have.length:
            return
        rows = [*self._speaking, *[slot for slot in self._reading if slot.read]]
        needed = max([length, *(slot.read + 1 for slot in rows)])
        wanted = min(2 ** (slots - 1).bit_length(), MAX_ROWS)
        longer = max(FIRST_LENGTH, 2 ** (needed - 1).bit_length())
        if self._parts.context_length is not None:
            longer = max(needed, min(longer, self._parts.context_length))
        self._caches = self._session.caches(max(wanted, len(rows)), longer)
        self._caches.copy_from(have, len(rows))


def _next_count(left: int, budget: int) -> int:
    """How many tokens of a prompt are read next. The whole of it, or READ_TOKENS at a time; never the last one alone,
    for which another algorithm would be used than for the same token among others; so that a prompt is always cut
    alike, whoever else is there."""
    count = min(left, READ_TOKENS)
    if left - count == 1:
        count -= 1
    return count if count <= budget else 0


class SlotEngine:
    """The engine of a folder, with continuous batches. What those can't do, a schema for the answer, goes by
    onnxruntime-genai's own way."""

    max_batch = MAX_ROWS

    def __init__(self, engine: GenaiEngine) -> None:
        """Unsuitable where only onnxruntime-genai can run the model."""
        self._engine = engine
        config = engine.config
        self._session = Session(engine.folder, config)
        self._session.try_out()
        self._search = engine.search
        self.model_name, self.context_length = engine.model_name, engine.context_length
        self.supported = engine.supported
        self.max_batch_tokens = engine.max_batch_tokens
        self.render, self.encode = engine.render, engine.encode

    def alike(self, job: Job) -> Hashable:
        return "slots" if job.options.response_format is None else self._engine.alike(job)

    def room(self, jobs: Sequence[Job]) -> int:
        """Batches of slots grow with their rows, and look after themselves."""
        return 0 if jobs[0].options.response_format is None else self._engine.room(jobs)

    def start(self, jobs: Sequence[Job]) -> Batch:
        if jobs[0].options.response_format is not None:
            return self._engine.start(jobs)
        batch = SlotBatch(self._session, self._engine.parts, self._search, self.max_batch_tokens)
        for job in jobs:
            batch.add(job)
        return batch

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        return self._engine.generate(jobs)

    def stream(self, jobs: Sequence[Job]) -> Any:
        return self._engine.stream(jobs)
