"""A text-generation pipeline as an engine for chats and completions.

transformers' `generate` keeps caches, masks and positions for every architecture. It calls back after each token, and
there rows end by themselves: at their closing token, their bound, their stop word, or because nobody listens any more.
Prompts of unequal length share a batch where the model knows positions by a mask. A stream runs in a thread of its own.
"""

from __future__ import annotations

import inspect
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.transformers.decoding import Spelling
from headrace.flavors.transformers.sampling import SAMPLING, Chooser, Settings
from headrace.flavors.transformers.templates import Template
from headrace.packaging.llm.engine import FinishReason, Generated, Growing, Job, Piece

MAX_BATCH = 16
_HUGE = 10**6  # tokenizers without a bound say some 10**30
_NEUTRAL = {"do_sample": False, "temperature": 1.0, "top_p": 1.0, "top_k": 50, "repetition_penalty": 1.0}
_DONE_HERE = (*SAMPLING, "stop_strings", "max_length", "num_return_sequences")
Emit = Callable[[Piece], None]


@dataclass(kw_only=True)
class _Row:
    """number: of the job. width: of its prompt with padding."""

    number: int
    job: Job
    spelling: Spelling
    chooser: Chooser
    width: int = 0
    tokens: int = 0
    finish: FinishReason | None = None

    @property
    def ended(self) -> bool:
        return self.finish is not None or self.job.done


class PipelineEngine:
    """own: the model's settings for generation, by transformers' names. Safe to use from several threads."""

    def __init__(self, pipeline: Any, model_name: str, own: Mapping[str, Any]) -> None:
        self._model, self._tokenizer = pipeline.model, pipeline.tokenizer
        self._lock = threading.Lock()  # a fast tokenizer may not be set up from two threads
        self.template = Template(pipeline.tokenizer)
        self.model_name = model_name
        self.context_length = _context_length(self._model, self._tokenizer, own)
        self.supported = frozenset(
            "temperature top_p top_k seed frequency_penalty presence_penalty repetition_penalty".split()
        )
        if self.template.has("tools"):
            self.supported |= {"tools"}
        if self.template.variables:
            self.supported |= {"custom_inputs"}
        self._own = dict(own)
        self._closing = _closing_tokens(own.get("eos_token_id"), self._tokenizer)
        self._pads = "position_ids" in inspect.signature(_forward(self._model)).parameters
        self._endless = _has_rotary_positions(self._model)
        self._speculates = own.get("prompt_lookup_num_tokens") is not None  # one row at a time

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        custom_inputs: Mapping[str, Any],
    ) -> str:
        with self._lock:
            return self.template.render(messages, tools, custom_inputs)

    def encode(self, text: str, *, rendered: bool) -> Sequence[int]:
        with self._lock:
            ids: list[int] = self._tokenizer(text, add_special_tokens=not rendered, truncation=False)["input_ids"]
        return ids

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        answers = [Growing(job) for job in jobs]

        def push(piece: Piece) -> None:
            answers[piece.job].push(piece)  # a stop word ends the row at once

        for batch in self._batches(jobs):
            self._run(batch, push)
        return [answer.generated() for answer in answers]

    def stream(self, jobs: Sequence[Job]) -> Generator[Piece, None, None]:
        pieces: queue.SimpleQueue[Piece | BaseException | None] = queue.SimpleQueue()

        def work() -> None:
            try:
                for batch in self._batches(jobs):
                    self._run(batch, pieces.put)
            except BaseException as error:  # noqa: BLE001 — handed to whoever reads the stream
                pieces.put(error)
            else:
                pieces.put(None)

        thread = threading.Thread(target=work, name="headrace-generate", daemon=True)
        thread.start()
        try:
            while (piece := pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            for job in jobs:
                job.done = True
            thread.join()

    def _batches(self, jobs: Sequence[Job]) -> Iterator[list[_Row]]:
        """Rows that `generate` can take at once, the shortest prompts first."""
        device = self._model.device
        rows = [
            _Row(
                number=number,
                job=job,
                spelling=Spelling(self._decode),
                chooser=Chooser(Settings.of(job, self._own), job.seed, device),
            )
            for number, job in enumerate(jobs)
        ]
        rows.sort(key=lambda row: len(row.job.prompt))
        while rows:
            size = 1
            while size < min(len(rows), MAX_BATCH) and self._alike(rows[:size], rows[size]):
                size += 1
            yield rows[:size]
            del rows[:size]

    def _alike(self, batch: Sequence[_Row], other: _Row) -> bool:
        if self._beams(batch[0]) > 1 or self._beams(other) > 1 or self._speculates:
            return False
        if len(batch[0].job.prompt) != len(other.job.prompt) and not self._pads:
            return False
        # Rows that have ended go on in silence: a table of positions must reach to the end of the longest answer.
        most = max(row.job.max_tokens for row in (*batch, other))
        return self._endless or self.context_length is None or len(other.job.prompt) + most <= self.context_length

    def _beams(self, row: _Row) -> int:
        """Beam search is a way to be greedy; a row that samples does without."""
        return 1 if row.chooser.settings.sample else int(self._own.get("num_beams") or 1)

    def _decode(self, ids: Sequence[int]) -> str:
        with self._lock:
            text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def _run(self, rows: Sequence[_Row], emit: Emit) -> None:
        import torch

        rows = [row for row in rows if not row.job.done]
        if not rows:
            return
        pad = self._pad_token()
        width = max(len(row.job.prompt) for row in rows)
        ids = torch.full((len(rows), width), pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for position, row in enumerate(rows):
            row.width = width
            ids[position, width - len(row.job.prompt) :] = torch.tensor(row.job.prompt, dtype=torch.long)
            mask[position, width - len(row.job.prompt) :] = 1
        device = self._model.device
        beams = self._beams(rows[0])
        arguments = {
            **{name: value for name, value in self._own.items() if name not in _DONE_HERE},
            **_NEUTRAL,
            "num_beams": beams,
            "max_new_tokens": max(row.job.max_tokens for row in rows),
            "eos_token_id": sorted(self._closing) or None,
            "pad_token_id": pad,
        }
        watch = _Watch(rows, self._closing, emit)
        with torch.inference_mode():
            found = self._model.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                logits_processor=[] if all(row.chooser.settings.greedy for row in rows) else [watch.choose],
                stopping_criteria=[] if beams > 1 else [watch.look],
                **arguments,
            )
        if beams > 1:
            watch.take(found[0, width:].tolist())
        watch.close()

    def _pad_token(self) -> int:
        for value in (self._own.get("pad_token_id"), self._tokenizer.pad_token_id, *sorted(self._closing)):
            if value is not None and value >= 0:
                return int(value)
        return 0


class _Watch:
    """Looks at a batch after each token, and turns tokens into pieces."""

    def __init__(self, rows: Sequence[_Row], closing: frozenset[int], emit: Emit) -> None:
        self._rows, self._closing, self._emit = rows, closing, emit
        self._seen = 0

    def choose(self, ids: Any, scores: Any) -> Any:
        """scores with what each row's options say of them. Rows of a beam search belong to one job."""
        import torch

        beams = ids.shape[0] // len(self._rows)
        found = []
        for position in range(ids.shape[0]):
            row, own = self._rows[position // beams], scores[position : position + 1]
            if not row.ended and not row.chooser.settings.greedy:
                begin = row.width - len(row.job.prompt)
                line = ids[position : position + 1]
                own = row.chooser.scores(line[:, begin:], line[:, row.width :], own)
            found.append(own)
        return torch.cat(found)

    def look(self, ids: Any, _scores: Any, **_unused: Any) -> Any:
        """Which rows have ended. Speculation brings several tokens at once."""
        import torch

        begin = self._seen or self._rows[0].width
        self._seen = ids.shape[1]
        for row, tokens in zip(self._rows, ids[:, begin:].tolist(), strict=True):
            for token in tokens:
                if not row.ended:
                    self._step(row, token)
        return torch.tensor([row.ended for row in self._rows], dtype=torch.bool, device=ids.device)

    def take(self, tokens: Sequence[int]) -> None:
        """A whole answer of a lone row."""
        for token in tokens:
            if self._rows[0].ended:
                return
            self._step(self._rows[0], token)

    def close(self) -> None:
        """Rows that something else ended: a time limit of the model's settings, say."""
        for row in self._rows:
            if not row.ended:
                row.finish = "length"
                self._emit(Piece(job=row.number, text=row.spelling.flush(), tokens=0, finish="length"))

    def _step(self, row: _Row, token: int) -> None:
        row.tokens += 1
        if token in self._closing:
            row.finish, text = "stop", row.spelling.flush()
        else:
            text = row.spelling.push(token)
            if row.tokens >= row.job.max_tokens:
                row.finish = "length"
                text += row.spelling.flush()
        self._emit(Piece(job=row.number, text=text, finish=row.finish))


def _context_length(model: Any, tokenizer: Any, own: Mapping[str, Any]) -> int | None:
    """Of prompt and answer together; the model's settings may hold it shorter."""
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    known = [getattr(config, "max_position_embeddings", None) or getattr(tokenizer, "model_max_length", None)]
    known.append(own.get("max_length"))
    lengths = [int(length) for length in known if isinstance(length, int) and 0 < length < _HUGE]
    return min(lengths, default=None)


def _closing_tokens(configured: Any, tokenizer: Any) -> frozenset[int]:
    found = configured if configured is not None else tokenizer.eos_token_id
    listed = found if isinstance(found, list | tuple) else [found]
    return frozenset(int(token) for token in listed if token is not None)


def _forward(model: Any) -> Any:
    """Of the model itself where an adapter wraps it."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return base.forward


def _has_rotary_positions(model: Any) -> bool:
    """Computed, not looked up in a table."""
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    return any(getattr(config, name, None) is not None for name in ("rope_theta", "rope_parameters", "rope_scaling"))


def check_max_length(value: Any) -> None:
    if not isinstance(value, int) or value < 1:
        raise InvalidValue("max_length", value, "an integer ≥ 1: tokens of prompt and answer together.")
