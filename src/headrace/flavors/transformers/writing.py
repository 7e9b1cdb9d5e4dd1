"""Files of a model: weights as safetensors, components, card and licence as far as there are any.

A checkpoint is copied, file by file, without what a trainer leaves there and without the weights of other frameworks.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace import settings
from headrace.errors import InvalidValue
from headrace.flavors.transformers import adapters, hub
from headrace.flavors.transformers.given import Given
from headrace.packaging.draft import Draft

MODEL, COMPONENTS = "model", "components"
CARD, CARD_DATA, LICENCE = "model_card.md", "model_card_data.yaml", "LICENSE.txt"
# Of a trainer (some of them pickles), and of other frameworks.
_LEFT_OUT = re.compile(
    r"(optimizer|scheduler|scaler|training_args|trainer_state|rng_state.*|all_results|.*_results|global_step.*)\.\w+"
    r"|.*\.(h5|msgpack|ot|onnx|gguf|tflite|lock|tmp|pth)|\..*|README\.md"
)
_OTHER_WEIGHTS = re.compile(r"pytorch_model.*\.bin(\.index\.json)?")


def weights(given: Given, draft: Draft) -> None:
    if given.checkpoint is not None:
        _copy_checkpoint(given, draft)
        return
    more: dict[str, Any] = {}
    if adapters.is_adapted(given.model):
        more["state_dict"] = adapters.plain_weights(given.model)
    given.plain_model.save_pretrained(
        draft.path / MODEL, max_shard_size=settings.HUGGINGFACE_MODEL_MAX_SHARD_SIZE.get(), **more
    )


def persist(parts: Mapping[str, Any], folder: Path) -> list[str]:
    """Model and components that were loaded from elsewhere; returns the folders that they are in."""
    for name, part in parts.items():
        if name == MODEL:
            part.save_pretrained(folder / MODEL, max_shard_size=settings.HUGGINGFACE_MODEL_MAX_SHARD_SIZE.get())
        elif not (folder / COMPONENTS / name).exists():
            part.save_pretrained(folder / COMPONENTS / name)
    found = [name for name in (MODEL, COMPONENTS) if (folder / name).is_dir()]
    for name in found:
        readable(folder / name)
    return found


def components(given: Given, draft: Draft) -> None:
    for name, component in given.components.items():
        component.save_pretrained(draft.path / COMPONENTS / name)


def adapter(given: Given, draft: Draft) -> None:
    adapters.save(given.model, draft.path / adapters.FOLDER)


def card(given: Given, draft: Draft, model_card: Any) -> None:
    """The card that the caller gives, or the model's own; its licence where it brings one, and nothing made up."""
    import yaml

    texts = {path.name: path for path in hub.local_files(given.name)}
    own = texts.pop("README.md", None)
    if model_card is None and own is not None:
        from huggingface_hub import ModelCard

        model_card = ModelCard.load(own)
    if model_card is not None:
        text, data = _card_parts(model_card)
        (draft.path / CARD).write_text(text, encoding="utf-8")
        if data is not None:
            (draft.path / CARD_DATA).write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    licence = next(iter(texts.values()), None)
    if licence is not None:
        shutil.copyfile(licence, draft.path / LICENCE)


def readable(folder: Path) -> None:
    """safetensors writes files that only their owner can read; a model is read by whoever may read its folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode | 0o444)


def _card_parts(given: Any) -> tuple[str, dict[str, Any] | None]:
    if isinstance(given, str):
        return given, None
    text, data = getattr(given, "text", None), getattr(given, "data", None)
    if not isinstance(text, str):
        raise InvalidValue("model_card", given, "a huggingface_hub.ModelCard, or its text.")
    return text, data.to_dict() if data is not None and hasattr(data, "to_dict") else None


def _copy_checkpoint(given: Given, draft: Draft) -> None:
    source = given.checkpoint
    assert source is not None
    names = sorted(path.name for path in source.iterdir() if path.is_file())  # links of the hub's cache, too
    has_safetensors = any(name.endswith(".safetensors") for name in names)
    if not has_safetensors and any(_OTHER_WEIGHTS.fullmatch(name) for name in names):
        _convert(given, draft)
        names = [name for name in names if not (draft.path / MODEL / name).exists()]
    elif not has_safetensors:
        raise InvalidValue("transformers_model", str(source), "it holds no weights (*.safetensors).")
    for name in names:
        if not _LEFT_OUT.fullmatch(name) and not _OTHER_WEIGHTS.fullmatch(name):
            draft.copy_in(source / name, f"{MODEL}/{name}")


def _convert(given: Given, draft: Draft) -> None:
    """Weights in PyTorch's own form are a pickle; they become safetensors, by way of memory."""
    import transformers

    kind = getattr(transformers, given.model_type, None)
    if kind is None:
        raise InvalidValue(
            "transformers_model",
            str(given.checkpoint),
            f"its {given.model_type} isn't one of transformers', and its weights aren't safetensors; load it yourself "
            "and give the pipeline.",
        )
    model = kind.from_pretrained(str(given.checkpoint), local_files_only=True)
    model.save_pretrained(draft.path / MODEL, max_shard_size=settings.HUGGINGFACE_MODEL_MAX_SHARD_SIZE.get())
