"""A saved model as a pipeline, or its components: from the folder, from the hub by commit, or a base and an adapter.

Nothing of a folder runs: weights are safetensors and classes come from transformers. A model with classes of its own,
or with weights that are a pickle, is asked about first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace import settings
from headrace.errors import Corrupt, InvalidState, InvalidValue
from headrace.flavors.transformers import adapters, given
from headrace.flavors.transformers.placement import Placement, dtype_argument, version
from headrace.flavors.transformers.writing import COMPONENTS
from headrace.packaging.source import Source

# Arguments of from_pretrained; a pipeline would not know them.
_MODEL_OPTIONS = (
    "device_map max_memory offload_folder offload_state_dict low_cpu_mem_usage attn_implementation quantization_config "
    "load_in_8bit load_in_4bit use_safetensors tp_plan cache_dir token"
).split()


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where weights and components are read from: a folder, or a repository at a commit."""

    place: str
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        return None if self.revision else Path(self.place)

    def arguments(self) -> dict[str, Any]:
        return {"revision": self.revision} if self.revision else {"local_files_only": True}


def components(
    source: Source, keys: Mapping[str, Any], placement: Placement, base_model_path: str | None, options: dict[str, Any]
) -> dict[str, Any]:
    """model, tokenizer … options: as of load_model; those for the model are taken out."""
    for_model = {name: options.pop(name) for name in _MODEL_OPTIONS if name in options}
    origin = _model_origin(source, keys, base_model_path)
    try:
        model = _model(source, keys, origin, {**placement.model_arguments(), **for_model})
    except OSError as error:
        if origin.revision:
            raise InvalidState(
                message=f"The model refers to {origin.place!r} at commit {origin.revision}, which isn't to be had: "
                f"{error}. headrace.transformers.persist_pretrained_model stores weights in the model, where there is "
                "a network."
            ) from error
        raise
    if keys.get("peft_adaptor"):
        folder = source.file(str(keys["peft_adaptor"]))
        _allow_pickled(source, folder)
        model = adapters.put_on(model, folder)
    found = {"model": model}
    names = [str(name) for name in keys.get("components") or []]
    if keys.get("processor_type") and given.PROCESSOR not in names:
        names.append(given.PROCESSOR)
    for name in names:
        found[name] = _component(source, keys, name)
    return found


def pipeline(task: str, parts: dict[str, Any], placement: Placement, options: dict[str, Any]) -> Any:
    return given.make_pipeline(task, **parts, **placement.pipeline_arguments(), **options)


def _model_origin(source: Source, keys: Mapping[str, Any], base_model_path: str | None) -> Origin:
    base = keys.get("local_base_model_path")
    if base_model_path is not None and not base:
        raise InvalidValue(
            "base_model_path",
            str(base_model_path),
            "the model wasn't saved with one; it has its base model, or names it.",
        )
    if base:
        return Origin(place=str(check_base(base_model_path or base)))
    if keys.get("source_model_revision"):
        return Origin(place=str(keys["source_model_name"]), revision=str(keys["source_model_revision"]))
    folder = str(keys.get("model_binary") or "pipeline")  # MLflow before 2.5
    if not (source.path / folder).is_dir() and "model_binary" not in keys:
        raise Corrupt(f"The model in {source.path} has neither weights nor a reference to them with its commit.")
    return Origin(place=str(source.file(folder)))


def check_base(path: str | Path) -> Path:
    folder = Path(path).expanduser().absolute()
    if not (folder / "config.json").is_file():
        raise InvalidValue(
            "base_model_path",
            str(folder),
            "the folder of the base model's checkpoint, with a config.json; load_model takes another base_model_path.",
        )
    return folder


def _model(source: Source, keys: Mapping[str, Any], origin: Origin, options: dict[str, Any]) -> Any:
    import transformers

    name = str(keys["pipeline_model_type"])
    kind = getattr(transformers, name, None)
    more: dict[str, Any] = {"trust_remote_code": False}  # None would ask whoever sits at the terminal
    if kind is None:
        kind, more = _own_class(source, name, origin), {"trust_remote_code": True}
    if origin.folder is not None and origin.folder.is_relative_to(source.path):
        _allow_pickled(source, origin.folder)
        _allow_kernels(source, origin.folder)
        if keys.get("peft_adaptor") and version() >= (4, 52) and adapters.has_layers_of_adapter(origin.folder):
            more["key_mapping"] = adapters.PLAIN_NAMES
    options = {name: value for name, value in options.items() if value is not None}
    return kind.from_pretrained(origin.place, **origin.arguments(), **more, **options)


def _own_class(source: Source, name: str, origin: Origin) -> Any:
    """The auto class of a model whose code travels with it."""
    import transformers

    if origin.folder is None or not origin.folder.is_relative_to(source.path):
        source.allow_code([f"the code of {origin.place}"])
    else:
        files = [str(path.relative_to(source.path)) for path in sorted(origin.folder.glob("*.py"))]
        source.allow_code(files or [f"{origin.folder.name}/config.json"])
    config = transformers.AutoConfig.from_pretrained(origin.place, trust_remote_code=True, **origin.arguments())
    for auto, place in (getattr(config, "auto_map", None) or {}).items():
        if str(place).rpartition(".")[2] == name and hasattr(transformers, auto):
            return getattr(transformers, auto)
    raise InvalidState(
        message=f"transformers {transformers.__version__} has no {name}, and the model brings none; it was saved with "
        f"transformers {source.flavor('transformers').get('transformers_version')}."
    )


def _component(source: Source, keys: Mapping[str, Any], name: str) -> Any:
    import transformers

    kind_name = str(keys.get(f"{name}_type"))
    if keys.get(f"{name}_revision"):
        origin = Origin(place=str(keys.get(f"{name}_name")), revision=str(keys[f"{name}_revision"]))
    else:
        origin = Origin(place=str(source.file(f"{COMPONENTS}/{name}")))
    kind = getattr(transformers, kind_name, None)
    more: dict[str, Any] = {"trust_remote_code": False}
    if kind is None:
        kind, more = _stand_in(source, name, origin)
    return kind.from_pretrained(origin.place, **origin.arguments(), **more)


_AUTO = {
    "tokenizer": "AutoTokenizer",
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}


def _stand_in(source: Source, name: str, origin: Origin) -> tuple[Any, dict[str, Any]]:
    """For a class that the installed version doesn't have: names of tokenizers differ between 4 and 5."""
    import transformers

    folder = origin.folder
    own = sorted(folder.glob("*.py")) if folder is not None else []
    if own:
        source.allow_code([str(path.relative_to(source.path)) for path in own])
        return getattr(transformers, _AUTO[name]), {"trust_remote_code": True}
    if folder is not None and name == "tokenizer" and (folder / "tokenizer.json").is_file():
        return transformers.PreTrainedTokenizerFast, {}
    return getattr(transformers, _AUTO[name]), {"trust_remote_code": False}


def _allow_pickled(source: Source, folder: Path) -> None:
    """Weights that aren't safetensors are a pickle."""
    if not any(folder.glob("*.safetensors")):
        found = sorted(path for ending in ("*.bin", "*.pt", "*.pth") for path in folder.glob(ending))
        if found:
            source.allow_code([str(path.relative_to(source.path)) for path in found])


def _allow_kernels(source: Source, folder: Path) -> None:
    """A config may name a repository of compiled kernels, which transformers would fetch and run."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if _names_kernels(config):
        source.allow_code([str(path.relative_to(source.path))])


def _names_kernels(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            ("_implementation" in str(name) and "/" in str(item)) or _names_kernels(item)
            for name, item in value.items()
        )
    return False


def placement_of(keys: Mapping[str, Any], device: Any, options: dict[str, Any]) -> Placement:
    """Where and in which precision: the call's word, then the environment's, then the model's."""
    dtype = options.pop("dtype", None) or options.pop("torch_dtype", None)
    options.pop("torch_dtype", None)
    accelerated = not settings.HUGGINGFACE_DISABLE_ACCELERATE_FEATURES.get()
    device_map = options.pop("device_map", None)
    if device_map is None and accelerated and settings.HUGGINGFACE_USE_DEVICE_MAP.get():
        device_map = settings.HUGGINGFACE_DEVICE_MAP_STRATEGY.get()
    if device_map is not None and device is not None:
        raise InvalidValue(
            "device", device, "it can't go with device_map (given, or by MLFLOW_HUGGINGFACE_USE_DEVICE_MAP)."
        )
    if device_map is None and device is None:
        device = settings.DEFAULT_PREDICTION_DEVICE.get()
    return Placement(device=device, device_map=device_map, dtype=dtype_argument(dtype or keys.get("torch_dtype")))
