"""What a caller hands in, whatever its form: a pipeline, a dict of components, or the folder of a checkpoint.

A checkpoint's weights are never loaded: its files say what it is. Only its tokenizer is opened, to be written beside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue, MissingValue
from headrace.flavors.transformers import adapters, tasks
from headrace.lazy import optional_import

COMPONENTS = ("feature_extractor", "tokenizer", "image_processor")
PROCESSOR = "processor"


@dataclass(frozen=True, kw_only=True)
class Given:
    """task: of the pipeline. name: a repository, a path, or "". model: None for a checkpoint. components: by MLflow's
    names, the processor too. dtype: as `torch.float32`."""

    task: str
    pipeline_type: str
    model_type: str
    name: str
    model: Any = None
    checkpoint: Path | None = None
    pipeline: Any = None
    components: dict[str, Any] = field(default_factory=dict)
    dtype: str | None = None

    @property
    def plain_model(self) -> Any:
        """Without its adapter."""
        return adapters.base_of(self.model) if adapters.is_adapted(self.model) else self.model

    @property
    def shown_name(self) -> str:
        """A repository as it is; of a path only the last part, which means something elsewhere too."""
        looks_local = self.checkpoint is not None or Path(self.name).is_absolute() or Path(self.name).is_dir()
        return Path(self.name).resolve().name if self.name and looks_local else self.name


def look_at(value: Any, task: str | None, processor: Any, options: Mapping[str, Any] | None = None) -> Given:
    """task: the pipeline's or an LLM task; where the value says it itself, it isn't needed."""
    transformers = optional_import("transformers", extra="transformers")
    if isinstance(value, str | Path):
        return _of_checkpoint(Path(str(value)).expanduser(), task, processor)
    if isinstance(value, Mapping):
        value = _pipeline_of(dict(value), task, options or {})
    if not isinstance(value, transformers.Pipeline):
        raise InvalidValue(
            "transformers_model",
            f"a {type(value).__name__}",
            "a transformers pipeline, a dict of its components ({'model': …, 'tokenizer': …}), or the path of a "
            "checkpoint's folder.",
        )
    components = {name: found for name in COMPONENTS if (found := getattr(value, name, None)) is not None}
    own = getattr(value, PROCESSOR, None) if getattr(value, "_load_processor", None) else None
    if processor is not None or own is not None:
        components[PROCESSOR] = processor if processor is not None else own
    model = value.model
    plain = adapters.base_of(model) if adapters.is_adapted(model) else model
    return Given(
        task=value.task,
        pipeline_type=type(value).__name__,
        model_type=type(plain).__name__,
        name=str(getattr(plain, "name_or_path", "") or ""),
        model=model,
        pipeline=value,
        components=components,
        dtype=_dtype_of(model),
    )


def _pipeline_of(parts: dict[str, Any], task: str | None, options: Mapping[str, Any]) -> Any:
    import transformers

    model = parts.get("model")
    if model is None:
        raise MissingValue("transformers_model['model']")
    if not isinstance(model, transformers.PreTrainedModel) and not adapters.is_adapted(model):
        allowed = "a PreTrainedModel, or a PeftModel on one; give a checkpoint's path by itself."
        raise InvalidValue("transformers_model['model']", f"a {type(model).__name__}", allowed)
    if "torch_dtype" in parts:
        parts.setdefault("dtype", parts.pop("torch_dtype"))
    parts.pop("dtype", None)  # the model has its own by now
    plain = adapters.base_of(model) if adapters.is_adapted(model) else model
    name = tasks.pipeline_task(task) if task else tasks.task_of_class(type(plain).__name__)
    return make_pipeline(name, **parts, **options)


def make_pipeline(task: str, **parts: Any) -> Any:
    """A pipeline of components that are there; InvalidValue where they don't make one."""
    import transformers

    check_task(task)
    try:
        return transformers.pipeline(task=task, **parts)
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        has = ", ".join(f"{name}: {type(value).__name__}" for name, value in parts.items() if value is not None)
        raise InvalidValue(message=f"No {task} pipeline can be made of {has}: {error}") from error


def check_task(task: str) -> Any:
    """The pipeline's class; InvalidValue for a task that the installed version doesn't have."""
    import transformers
    from transformers import pipelines

    try:
        found = pipelines.check_task(task)[1]["impl"]
    except KeyError:
        known = ", ".join(sorted(pipelines.get_supported_tasks()))
        older = task.startswith("translation") or task in _DROPPED
        hint = " It was there up to transformers 4: pip install 'transformers<5'." if older else ""
        raise InvalidValue("task", task, f"transformers {transformers.__version__} has {known}.{hint}") from None
    return found


_DROPPED = "question-answering summarization text2text-generation visual-question-answering image-to-text".split()


def _of_checkpoint(folder: Path, task: str | None, processor: Any) -> Given:
    config = _read_config(folder)
    names = config.get("architectures") or []
    if not names:
        raise InvalidValue("transformers_model", str(folder), "its config.json names no architecture.")
    if task is None:
        task = tasks.task_of_class(str(names[0]))
    kind = check_task(tasks.pipeline_task(task))
    components = _components_of(folder)
    if processor is not None:
        components[PROCESSOR] = processor
    if not components:
        raise InvalidValue(
            "transformers_model", str(folder), "it holds no tokenizer and no preprocessor beside the weights."
        )
    dtype = config.get("dtype") or config.get("torch_dtype")
    return Given(
        task=tasks.pipeline_task(task),
        pipeline_type=str(kind).rpartition(".")[2] if isinstance(kind, str) else kind.__name__,
        model_type=str(names[0]),
        name=str(folder),
        checkpoint=folder,
        components=components,
        dtype=f"torch.{dtype}" if isinstance(dtype, str) else None,
    )


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        hint = "" if folder.exists() else "; for a model of the hub, give pipeline(…) or download it first"
        raise InvalidValue("transformers_model", str(folder), f"a checkpoint's folder has a config.json{hint}.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidValue("transformers_model", str(folder), f"its config.json isn't JSON: {error}.") from error
    if not isinstance(config, dict):
        raise InvalidValue("transformers_model", str(folder), "its config.json holds no object.")
    return config


_LOCALLY = {"local_files_only": True, "trust_remote_code": False}


def _components_of(folder: Path) -> dict[str, Any]:
    import transformers

    found: dict[str, Any] = {}
    if any(
        (folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json")
    ):
        found["tokenizer"] = transformers.AutoTokenizer.from_pretrained(str(folder), **_LOCALLY)
    if (folder / "preprocessor_config.json").is_file():
        settings = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        if "feature_extractor_type" in settings:
            kind, name = transformers.AutoFeatureExtractor, "feature_extractor"
        else:
            kind, name = transformers.AutoImageProcessor, "image_processor"
        found[name] = kind.from_pretrained(str(folder), **_LOCALLY)
    return found


def _dtype_of(model: Any) -> str | None:
    import torch

    dtype = getattr(model, "dtype", None)
    return str(dtype) if isinstance(dtype, torch.dtype) else None
