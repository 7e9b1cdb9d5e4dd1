"""onnxruntime-genai: a folder with a genai_config.json, as a chat or completion model that answers in OpenAI's shape.

    model/NAME/           the folder, as it was given; NAME is the model's in its answers
    code/headrace_genai/  a copy of our loader and of what it needs, so that MLflow's pyfunc loads the model where
                          Headrace isn't installed; Headrace uses its own and runs nothing of the model's

Options in `model_config` (max_tokens, temperature, top_p, top_k, stop …) hold
where a request is silent.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from headrace.errors import InvalidValue
from headrace.flavors import genai_engine
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.llm.options import CONFIG_KEYS, OPTION_NAMES, options_of_config
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.llm.task import CHAT, COMPLETIONS
from headrace.packaging.mlmodel import PYFUNC
from headrace.packaging.source import Source

DATA = "model"
CODE = "code"
LOADER = "headrace_genai"
TASKS = {CHAT: "chat", COMPLETIONS: "completions"}
_BUILDS = ("onnxruntime-genai", "onnxruntime-genai-cuda", "onnxruntime-genai-directml", "onnxruntime-genai-winml")
# What travels with a model. Everything in it imports the standard library, onnxruntime-genai and each other only.
_TRAVELS = {
    "headrace.errors": "errors",
    "headrace.clock": "clock",
    "headrace.packaging.llm.answers": "answers",
    "headrace.packaging.llm.engine": "engine",
    "headrace.packaging.llm.options": "options",
    "headrace.packaging.llm.request": "request",
    "headrace.packaging.llm.rows": "rows",
    "headrace.packaging.llm.stop": "stop",
    "headrace.packaging.llm.task": "task",
    "headrace.flavors.genai_batch": "genai_batch",
    "headrace.flavors.genai_choice": "genai_choice",
    "headrace.flavors.genai_engine": "genai_engine",
    "headrace.flavors.genai_rows": "genai_rows",
}


class Loaded(NamedTuple):
    """An `onnxruntime_genai.Model` and its `Tokenizer`."""

    model: Any
    tokenizer: Any


class OnnxruntimeGenai:
    name = "onnxruntime_genai"
    model_argument = "model_dir"
    module = "onnxruntime_genai"

    def __init__(self) -> None:
        # The build that is installed here: for CPU, CUDA or DirectML.
        self.distributions: Sequence[str] = (next(filter(_version, _BUILDS), _BUILDS[0]), "numpy")

    def save(
        self,
        model_dir: str | Path,
        draft: Draft,
        /,
        *,
        task: str | None = None,
        model_config: Mapping[str, Any] | None = None,
        model_name: str | None = None,
    ) -> None:
        """task: llm/v1/chat or llm/v1/completions; chat where the folder has a chat template. model_name: in answers;
        the folder's name unless given."""
        folder = Path(model_dir).expanduser()
        config = genai_engine.read_config(folder)
        _check_files(folder, config)
        has_template = bool(genai_engine.chat_template(folder))
        task = task or (CHAT if has_template else COMPLETIONS)
        if task not in TASKS:
            raise InvalidValue("task", task, f"this flavor has {', '.join(TASKS)}")
        if task == CHAT and not has_template:
            raise InvalidValue("task", task, f"{folder} has no chat template; {COMPLETIONS!r} needs none")
        signature = task_signature(task)
        if draft.signature not in (None, signature):
            raise InvalidValue(message=f"The task {task} has its own signature; leave `signature` out.")
        draft.signature = signature
        options = _checked(model_config)
        data = f"{DATA}/{_name(model_name or folder.absolute().name)}"
        draft.copy_in(folder, data)
        draft.model.metadata = {**(draft.model.metadata or {}), "task": task}
        draft.set_flavor(
            data=data,
            task=task,
            model_type=config["model"].get("type"),
            onnxruntime_genai_version=_version(self.distributions[0]),
        )
        keys: dict[str, Any] = {"data": data, "predict_stream_fn": "predict_stream", "streamable": True}
        if options:
            keys["config"] = options
        draft.set_pyfunc(f"{LOADER}.{TASKS[task]}", **keys)
        # The flavor's own `code` stays the user's: Headrace has the loader already and doesn't run the copy.
        code = draft.code or CODE
        draft.model.flavors[PYFUNC]["code"] = code
        write_loader(draft.folder(f"{code}/{LOADER}"))

    def load(self, source: Source, /) -> Loaded:
        self._need()
        return Loaded(*genai_engine.open_folder(self._folder(source)))

    def load_pyfunc(self, source: Source, /) -> Predictor:
        self._need()
        keys = source.flavor(self.name)
        return genai_engine.load(self._folder(source), str(keys["task"]), source.model_config)

    def _folder(self, source: Source) -> Path:
        return source.file(str(source.flavor(self.name)["data"]))

    def _need(self) -> None:
        optional_import(self.module, extra="genai", why="the model is a folder of onnxruntime-genai")


def write_loader(folder: Path) -> None:
    """The package that loads the model without Headrace: our modules under its name, an entry for each task."""
    renamed = re.compile("|".join(re.escape(name) for name in sorted(_TRAVELS, key=len, reverse=True)))
    for name, short in _TRAVELS.items():
        source = Path(str(importlib.import_module(name).__file__)).read_text(encoding="utf-8")
        text = renamed.sub(lambda match: f"{LOADER}.{_TRAVELS[match[0]]}", source)
        text = text.replace("from headrace import", f"from {LOADER} import")
        (folder / f"{short}.py").write_text(text, encoding="utf-8")
    (folder / "__init__.py").write_text(
        '"""Loads the onnxruntime-genai model beside it. A copy of modules of Headrace (Apache 2.0)."""\n',
        encoding="utf-8",
    )
    for task, short in TASKS.items():
        (folder / f"{short}.py").write_text(
            f"from {LOADER}.genai_engine import load\n\n\n"
            "def _load_pyfunc(path, model_config=None):\n"
            f"    return load(path, {task!r}, model_config)\n",
            encoding="utf-8",
        )


def _name(name: str) -> str:
    if not re.fullmatch(r"[\w.+ -]*\w[\w.+ -]*", name):
        raise InvalidValue("model_name", name, "letters, digits, spaces and any of _ . + - are allowed")
    return name


def _checked(model_config: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same mapping, if each of its keys means something."""
    config = dict(model_config or {})
    known = OPTION_NAMES | CONFIG_KEYS
    unknown = sorted(set(config) - known)
    if unknown:
        raise InvalidValue("model_config", unknown[0], f"known are {', '.join(sorted(known))}")
    options_of_config(config)
    return config


def _check_files(folder: Path, config: Mapping[str, Any]) -> None:
    parts = [part for part in config["model"].values() if isinstance(part, Mapping)]
    names = [str(part["filename"]) for part in parts if part.get("filename")]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise InvalidValue(
            "model_dir", str(folder), f"its {genai_engine.CONFIG_FILE} names {missing[0]!r}, which isn't there"
        )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


FLAVOR = OnnxruntimeGenai()
