"""onnxruntime-genai as an engine for chats and completions: token by token, several prompts at a time.

Rows whose sampling is alike share a `Generator`; each ends by itself, at its closing token, its bound or its stop word,
and the batch goes on for the others. Frequency and presence penalties, which onnxruntime-genai doesn't know, are taken
from the logits. Seeds belong to a generator, so seeded rows get one each.

This module and those of `packaging.llm` that it uses travel with each model as its loader, so they import nothing but
the standard library and onnxruntime-genai.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.llm.engine import FinishReason, Generated, Job, Piece, collect
from headrace.packaging.llm.options import GenerationOptions, options_of_config
from headrace.packaging.llm.task import CHAT, ChatTask, CompletionTask

CONFIG_FILE = "genai_config.json"
MAX_BATCH = 16
MAX_BATCH_TOKENS = 16_384  # caches are allocated for all of it: 4 rows of a 4k context
PRIMING_TOKENS = 8  # more than a character can have
_SEEDS = 2**31


@dataclass(kw_only=True)
class _Row:
    """number: of the job. tokens: generated so far."""

    number: int
    job: Job
    decoder: Any
    tokens: list[int] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    closed: bool = False

    @property
    def left(self) -> int:
        return self.job.max_tokens - len(self.tokens)

    @property
    def ended(self) -> bool:
        return self.closed or self.job.done or self.left == 0


class GenaiEngine:
    """Safe to use from several threads: each call has generators of its own."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path) -> None:
        config = read_config(folder)
        self.model_name = folder.name
        self.context_length: int | None = config["model"].get("context_length")
        self.supported = frozenset(
            "temperature top_p top_k seed frequency_penalty presence_penalty repetition_penalty".split()
        )
        if "tools" in chat_template(folder):
            self.supported |= {"tools"}
        self._model, self._tokenizer = model, tokenizer
        self._closing = frozenset(int(token) for token in tokenizer.eos_token_ids)
        pad = config["model"].get("pad_token_id")
        self._pad = int(pad) if pad is not None else min(self._closing, default=0)

    def get_raw_model(self) -> tuple[Any, Any]:
        return self._model, self._tokenizer

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        custom_inputs: Mapping[str, Any],  # noqa: ARG002 — not supported, so the task refuses them
    ) -> str:
        given = {"tools": json.dumps(list(tools))} if tools else {}
        try:
            text = self._tokenizer.apply_chat_template(json.dumps(list(messages)), add_generation_prompt=True, **given)
        except RuntimeError as error:
            raise InvalidValue(message=f"The model's chat template refuses the messages: {error}") from error
        return str(text)

    def encode(self, text: str, *, rendered: bool) -> Sequence[int]:
        ids = [int(token) for token in self._tokenizer.encode(text)]
        begin = self._tokenizer.bos_token_id
        # A template that writes the begin token, and a tokenizer that adds it.
        return ids[1:] if rendered and ids[:2] == [begin, begin] else ids

    def generate(self, jobs: Sequence[Job]) -> list[Generated]:
        return collect(self.stream(jobs), jobs)

    def stream(self, jobs: Sequence[Job]) -> Generator[Piece, None, None]:
        rows = [_Row(number=number, job=job, decoder=self._decoder(job)) for number, job in enumerate(jobs)]
        for batch in self._batches(rows):
            yield from self._run(batch)

    def _decoder(self, job: Job) -> Any:
        """SentencePiece tokenizers write a word with the space before it, and what stands before says if it shows."""
        decoder = self._tokenizer.create_stream()
        for token in job.prompt[-PRIMING_TOKENS:]:
            decoder.decode(token)
        return decoder

    def _batches(self, rows: Sequence[_Row]) -> Iterator[list[_Row]]:
        """Rows of like sampling and length together."""
        alike: dict[tuple[Any, ...], list[_Row]] = {}
        for row in rows:
            options = row.job.options
            # Padding is known by its token, so a prompt that ends with it can't be beside a longer one.
            alone = row.job.prompt[-1] == self._pad or (row.job.seed is not None and options.sample is not False)
            key = (
                row.number if alone else None,
                *_search_options(options).items(),
                options.frequency_penalty,
                options.presence_penalty,
            )
            alike.setdefault(key, []).append(row)
        for group in alike.values():
            group.sort(key=lambda row: len(row.job.prompt))
            while group:
                size = 1
                while size < min(len(group), MAX_BATCH):
                    if (size + 1) * self._max_length(group[: size + 1]) > MAX_BATCH_TOKENS:
                        break
                    size += 1
                yield group[:size]
                del group[:size]

    def _max_length(self, rows: Sequence[_Row]) -> int:
        """Of prompts, padded to the longest, and answers."""
        width = max(len(row.job.prompt) + len(row.tokens) for row in rows)
        wanted = width + max(row.left for row in rows)
        return wanted if self.context_length is None else min(wanted, self.context_length)

    def _run(self, rows: Sequence[_Row]) -> Iterator[Piece]:
        generator = self._generator(rows)
        penalised = bool(rows[0].job.options.frequency_penalty or rows[0].job.options.presence_penalty)
        while not generator.is_done():
            if penalised:
                self._penalise(generator, rows)
            generator.generate_next_token()
            tokens = generator.get_next_tokens()
            for row, token in zip(rows, tokens, strict=True):
                if not row.ended:
                    yield self._piece(row, int(token))
            if all(row.ended for row in rows):
                return
        # Padding takes context from the shorter prompts of a batch: who was cut short by it goes on alone.
        for row in rows:
            if not row.ended and len(rows) > 1:
                yield from self._run([row])
            elif not row.ended:
                yield Piece(job=row.number, text="", tokens=0, finish="length")

    def _piece(self, row: _Row, token: int) -> Piece:
        row.tokens.append(token)
        row.counts[token] = row.counts.get(token, 0) + 1
        finish: FinishReason | None = None
        text = ""
        if token in self._closing:
            finish, row.closed = "stop", True
        else:
            text = row.decoder.decode(token)
            if row.left == 0:
                finish = "length"
        return Piece(job=row.number, text=text, finish=finish)

    def _generator(self, rows: Sequence[_Row]) -> Any:
        import numpy as np
        import onnxruntime_genai as og

        parameters = og.GeneratorParams(self._model)
        first = rows[0].job
        seed = {} if first.seed is None else {"random_seed": (first.seed + len(rows[0].tokens)) % _SEEDS}
        parameters.set_search_options(
            max_length=self._max_length(rows), batch_size=len(rows), **_search_options(first.options), **seed
        )
        generator = og.Generator(self._model, parameters)
        prompts = [[*row.job.prompt, *row.tokens] for row in rows]
        width = max(map(len, prompts))
        # At the end, as its own tokenizer pads: padding before a prompt would shift what attention sees.
        generator.append_tokens(
            np.array([prompt + [self._pad] * (width - len(prompt)) for prompt in prompts], dtype=np.int32)
        )
        return generator

    def _penalise(self, generator: Any, rows: Sequence[_Row]) -> None:
        """OpenAI's formula: each token so far costs the presence penalty once, the frequency penalty each time."""
        logits = generator.get_logits().copy()
        for position, row in enumerate(rows):
            options = row.job.options
            for token, count in row.counts.items():
                logits[position, -1, token] -= (options.presence_penalty or 0.0) + count * (
                    options.frequency_penalty or 0.0
                )
        generator.set_logits(logits)


def _search_options(options: GenerationOptions) -> dict[str, Any]:
    """What of the options onnxruntime-genai knows, by its names; what isn't given is the model's own setting."""
    found: dict[str, Any] = {} if options.sample is None else {"do_sample": options.sample}
    if options.sample is not False:
        given = {"temperature": options.temperature, "top_p": options.top_p, "top_k": options.top_k}
        found.update({name: value for name, value in given.items() if value is not None})
    if options.repetition_penalty is not None:
        found["repetition_penalty"] = options.repetition_penalty
    return found


def read_config(folder: Path) -> dict[str, Any]:
    """genai_config.json; InvalidValue where the folder isn't one that onnxruntime-genai runs."""
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidValue(
            "model_dir", str(folder), f"a folder with {CONFIG_FILE} is needed, as onnxruntime-genai's builder writes it"
        ) from None
    except ValueError as error:
        raise InvalidValue(message=f"{path} isn't JSON: {error}") from error
    if not isinstance(config, dict) or not isinstance(config.get("model"), dict):
        raise InvalidValue(message=f"{path} has no 'model' section.")
    return config


def chat_template(folder: Path) -> str:
    """The text of the folder's chat template; empty where there is none."""
    beside = folder / "chat_template.jinja"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    try:
        template = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8")).get("chat_template")
    except (FileNotFoundError, ValueError):
        return ""
    return template if isinstance(template, str) else json.dumps(template) if template else ""


def open_folder(folder: Path) -> tuple[Any, Any]:
    """The model and its tokenizer."""
    import onnxruntime_genai as og

    model = og.Model(str(folder))
    return model, og.Tokenizer(model)


def load(folder: str | Path, task: str, config: Mapping[str, Any] | None = None) -> ChatTask | CompletionTask:
    """What predicts, by the folder's name. config: the model's own options, by the names of OpenAI or transformers."""
    place = Path(folder)
    engine = GenaiEngine(*open_folder(place), place)
    kind = ChatTask if task == CHAT else CompletionTask
    return kind(engine, options_of_config(config or {}))
