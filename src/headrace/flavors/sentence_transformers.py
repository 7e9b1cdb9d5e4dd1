"""sentence-transformers: encoders of texts as their own folder (safetensors), and as llm/v1/embeddings.

Loading runs nothing of the folder: modules are sentence-transformers' own, weights are safetensors. A model whose
modules or activations are of other packages, or whose weights are a pickle, is asked about first.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace import settings
from headrace.errors import Corrupt, InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.llm.task import EMBEDDINGS, EmbeddingTask
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.source import Source
from headrace.packaging.types import DataType

DATA = "model.sentence_transformer"
INFERENCE_CONFIG = "inference_config"
_OWN = ("sentence_transformers.", "torch.nn.")


class SentenceTransformers:
    name = "sentence_transformers"
    model_argument = "model"
    module = "sentence_transformers"
    distributions: Sequence[str] = ("sentence-transformers", "transformers", "torch")

    def save(
        self,
        model: Any,
        draft: Draft,
        /,
        *,
        task: str | None = None,
        inference_config: Mapping[str, Any] | None = None,
        model_card: bool = False,
    ) -> Predictor:
        """task: llm/v1/embeddings, or None for arrays. inference_config: arguments of `encode`, kept beside the model
        for who reads them. model_card: True lets sentence-transformers write its README, which may ask the hub."""
        package = optional_import(self.module)
        if not isinstance(model, package.SentenceTransformer):
            raise InvalidValue("model", f"a {type(model).__name__}", "a sentence_transformers.SentenceTransformer.")
        _sign(task, draft)
        model.save(str(draft.path / DATA), create_model_card=model_card)
        _readable(draft.path / DATA)
        keys: dict[str, Any] = {"data": DATA}
        if task is not None:
            draft.model.metadata = {**(draft.model.metadata or {}), "task": task}
            keys["config"] = {"task": task}
        if inference_config:
            (draft.path / INFERENCE_CONFIG).write_text(json.dumps(dict(inference_config)), encoding="utf-8")
        draft.set_flavor(sentence_transformers_version=package.__version__, **_inner(model))
        draft.set_pyfunc(**keys)
        return _predictor(model, task, _name_of(model))

    def load(self, source: Source, /, *, device: Any = None, **options: Any) -> Any:
        """options: of SentenceTransformer."""
        package = optional_import(self.module, why="the model is one of sentence-transformers'")
        folder = source.file(str((source.model.pyfunc or {}).get("data", DATA)))
        foreign = _foreign(folder, source.path)
        if foreign:
            source.allow_code(foreign)
        if device is None:
            device = settings.DEFAULT_PREDICTION_DEVICE.get()
        return package.SentenceTransformer(
            str(folder), device=_device(device), trust_remote_code=bool(foreign), local_files_only=True, **options
        )

    def load_pyfunc(self, source: Source, /) -> Predictor:
        task = (source.model_config or {}).get("task") or (source.model.metadata or {}).get("task")
        name = (source.model.flavors.get(self.name) or {}).get("source_model_name")
        model = self.load(source)
        return _predictor(model, EMBEDDINGS if task == EMBEDDINGS else None, str(name or _name_of(model)))


FLAVOR = SentenceTransformers()


class Embedder:
    """As an engine of `packaging.llm`."""

    def __init__(self, model: Any, model_name: str) -> None:
        self._model, self.model_name = model, model_name
        self._lock = threading.Lock()  # a fast tokenizer may not be set up from two threads

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], list[int]]:
        with self._lock:
            tokens = self._model.tokenizer(list(texts), truncation=False)["input_ids"]
            self._check_lengths(tokens)
            vectors = self._model.encode(list(texts), show_progress_bar=False)
        return [[float(value) for value in vector] for vector in vectors], list(map(len, tokens))

    def _check_lengths(self, tokens: Sequence[Sequence[int]]) -> None:
        """`encode` would leave out the end of a text that is too long."""
        most = self._model.max_seq_length
        longest = max(map(len, tokens))
        if most is not None and longest > most:
            raise InvalidValue(message=f"Parameter 'input' has a text of {longest} tokens; the model takes {most}.")


class _Encoder:
    """Arrays, a row for each text. params: arguments of `encode`."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        try:
            return self._model.encode(_texts(model_input), **{"show_progress_bar": False, **(params or {})})
        except TypeError as error:
            if not params:
                raise
            raise InvalidValue(
                message=f"encode of {self._model.__class__.__name__} refuses {params}: {error}"
            ) from error

    def get_raw_model(self) -> Any:
        return self._model


class _EmbeddingTask(EmbeddingTask):
    def __init__(self, model: Any, model_name: str) -> None:
        super().__init__(Embedder(model, model_name))
        self._model = model

    def get_raw_model(self) -> Any:
        return self._model


def _predictor(model: Any, task: str | None, model_name: str) -> Predictor:
    return _Encoder(model) if task is None else _EmbeddingTask(model, model_name)


def _texts(model_input: Any) -> list[str]:
    """Of a string, a list, a series, or the first column of a frame."""
    if isinstance(model_input, str):
        return [model_input]
    if hasattr(model_input, "iloc") and hasattr(model_input, "columns"):
        model_input = model_input.iloc[:, 0]
    if hasattr(model_input, "tolist"):
        model_input = model_input.tolist()
    if isinstance(model_input, Mapping):
        model_input = [next(iter(model_input.values()), None)]
    texts = [text for item in model_input for text in (item if isinstance(item, list | tuple) else [item])]
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise InvalidValue("model_input", wrong[0], "a string, or a list, series or frame of strings.")
    return texts


def _sign(task: str | None, draft: Draft) -> None:
    if task is None:
        if draft.signature is None and draft.input_example is None and not draft.unsigned:
            draft.signature = _default_signature()
        return
    if task != EMBEDDINGS:
        raise InvalidValue("task", task, f"encoders have {EMBEDDINGS!r} only.")
    asked = (draft.model.metadata or {}).get("task", task)
    if asked != task:
        raise InvalidValue("metadata", {"task": asked}, f"it contradicts task={task!r}; leave one of them out.")
    fixed = task_signature(task)
    if draft.signature is not None and draft.signature != fixed:
        raise InvalidValue(message=f"The task {task} has its own signature; leave `signature` out.")
    draft.signature = fixed


def _default_signature() -> ModelSignature:
    import numpy as np

    return ModelSignature(Schema([ColSpec(DataType.string)]), Schema([TensorSpec(np.dtype("float64"), (-1,))]))


def _inner(model: Any) -> dict[str, Any]:
    """The transformers model inside, where there is one."""
    for module in model.modules():
        inner = getattr(module, "auto_model", None)
        if inner is not None:
            return {"source_model_name": _shown(inner), "pipeline_model_type": type(inner).__name__}
    return {}


def _shown(inner: Any) -> str:
    """A repository as it is; of a path only the last part, which means something elsewhere too."""
    name = str(getattr(inner, "name_or_path", "") or "")
    return Path(name).name if Path(name).is_absolute() or Path(name).is_dir() else name


def _name_of(model: Any) -> str:
    return str(_inner(model).get("source_model_name") or type(model).__name__)


def _readable(folder: Path) -> None:
    """safetensors writes files that only their owner can read; a model is read by whoever may read its folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode | 0o444)


def _foreign(folder: Path, root: Path) -> list[str]:
    """Files that name code beside the packages' own, or that are pickles."""
    found = []
    for module in _read(folder / "modules.json", []):
        place = folder / str(module.get("path", ""))
        if not str(module.get("type", "")).startswith(_OWN):
            found.append(folder / "modules.json")
        if not any(place.glob("*.safetensors")):
            found += [path for ending in ("*.bin", "*.pt", "*.pth") for path in sorted(place.glob(ending))]
        config = _read(place / "config.json", {})
        if isinstance(config, dict):
            activation = config.get("activation_function")
            if ("." in str(activation) and not str(activation).startswith(_OWN)) or config.get("auto_map"):
                found.append(place / "config.json")
    found += sorted(folder.rglob("*.py"))
    return sorted({str(path.relative_to(root)) for path in found})


def _read(path: Path, otherwise: Any) -> Any:
    if not path.is_file():
        return otherwise
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Corrupt(f"{path} isn't JSON: {error}.") from error


def _device(device: Any) -> Any:
    """Numbers as the setting has them: -1 is the CPU."""
    if isinstance(device, int):
        return "cpu" if device < 0 else f"cuda:{device}"
    return device
