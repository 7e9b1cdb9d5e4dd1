"""onnxruntime-genai as an engine for chats and completions: token by token, several prompts at a time.

Rows whose sampling is alike share a `Generator` (`genai_batch`). Frequency and presence penalties, which
onnxruntime-genai doesn't know, are taken from the logits. Seeded rows get a generator each.

This module and those of `packaging.llm` that it uses travel with each model as its loader, so they import nothing but
the standard library and onnxruntime-genai.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.genai_batch import GenaiBatch, room, search_options
from headrace.flavors.genai_choice import Search
from headrace.flavors.genai_rows import Parts
from headrace.packaging.llm.engine import Generated, Job, Piece, collect
from headrace.packaging.llm.options import options_of_config
from headrace.packaging.llm.task import CHAT, ChatTask, CompletionTask

CONFIG_FILE = "genai_config.json"
SUPPORTED = frozenset(
    "temperature top_p top_k seed frequency_penalty presence_penalty repetition_penalty logprobs "
    "response_format".split()
)
MAX_BATCH = 16
MAX_BATCH_TOKENS = 16_384  # caches are allocated for all of it: 4 rows of a 4k context


class GenaiEngine:
    """Safe to use from several threads: each call has generators of its own. model: None for one that is loaded when it
    is needed."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path) -> None:
        self.folder, self.config = folder, read_config(folder)
        self.model_name = folder.name
        self.context_length: int | None = self.config["model"].get("context_length")
        self.supported = SUPPORTED
        if "tools" in chat_template(folder):
            self.supported |= {"tools"}
        self.max_batch, self.max_batch_tokens = MAX_BATCH, MAX_BATCH_TOKENS
        self.search = Search.of(self.config)
        self._tokenizer = tokenizer
        self._opening = threading.Lock()
        closing = frozenset(int(token) for token in tokenizer.eos_token_ids)
        pad = self.config["model"].get("pad_token_id")
        self.parts = Parts(
            model=model,
            tokenizer=tokenizer,
            closing=closing,
            pad=int(pad) if pad is not None else min(closing, default=0),
            context_length=self.context_length,
        )

    def get_raw_model(self) -> tuple[Any, Any]:
        return self._opened().model, self._tokenizer

    def _opened(self) -> Parts:
        with self._opening:
            if self.parts.model is None:
                self.parts = replace(self.parts, model=open_folder(self.folder)[0])
            return self.parts

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
        for numbers in self._batches(jobs):
            batch = self.start([jobs[number] for number in numbers])
            while not batch.ended:
                for piece in batch.step():
                    yield piece._replace(job=numbers[piece.job])

    def _batches(self, jobs: Sequence[Job]) -> Iterator[list[int]]:
        """Jobs of like sampling and length together, by number."""
        groups: dict[Hashable, list[int]] = {}
        for number, job in enumerate(jobs):
            key = self.alike(job)
            groups.setdefault((number,) if key is None else key, []).append(number)
        for group in groups.values():
            group.sort(key=lambda number: len(jobs[number].prompt))
            while group:
                size = 1
                while size < min(len(group), self.max_batch):
                    if self.room([jobs[number] for number in group[: size + 1]]) > self.max_batch_tokens:
                        break
                    size += 1
                yield group[:size]
                del group[:size]

    def alike(self, job: Job) -> Hashable:
        options = job.options
        # Padding is known by its token, so a prompt that ends with it can't be beside a longer one.
        if job.prompt[-1] == self.parts.pad or (job.seed is not None and options.sample is not False):
            return None
        return (
            # The place of a row that has ended is computed until its batch ends: about equally long ones go together.
            job.max_tokens.bit_length() // 2,
            *search_options(options).items(),
            options.frequency_penalty,
            options.presence_penalty,
            options.response_format,
        )

    def room(self, jobs: Sequence[Job]) -> int:
        return room(self.parts, jobs)

    def start(self, jobs: Sequence[Job]) -> GenaiBatch:
        return GenaiBatch(self._opened(), self.search, jobs)


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


@contextmanager
def deferred() -> Iterator[None]:
    """What `load` gives within it loads the model when something first needs it: a server has other ways to run it."""
    token = _is_deferred.set(True)
    try:
        yield
    finally:
        _is_deferred.reset(token)


_is_deferred = ContextVar("is_deferred", default=False)


def load(folder: str | Path, task: str, config: Mapping[str, Any] | None = None) -> ChatTask | CompletionTask:
    """What predicts, by the folder's name. config: the model's own options, by the names of OpenAI or transformers."""
    import onnxruntime_genai as og

    place = Path(folder)
    if _is_deferred.get():
        engine = GenaiEngine(None, og.Tokenizer(og.Config(str(place))), place)
    else:
        engine = GenaiEngine(*open_folder(place), place)
    kind = ChatTask if task == CHAT else CompletionTask
    return kind(engine, options_of_config(config or {}))
