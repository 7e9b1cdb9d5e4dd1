"""PEFT adapters: the adapter alone is stored, the base model is named, or stored plain where nothing names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from headrace.lazy import optional_import

FOLDER = "peft"
PLAIN_NAMES = {r"\.base_layer\.": "."}


def is_adapted(model: Any) -> bool:
    module = sys.modules.get("peft")  # no model is one of PEFT's unless it has been imported
    return module is not None and isinstance(model, module.PeftModel)


def base_of(model: Any) -> Any:
    """The transformers model inside; adapter layers may still be in it."""
    config = model.peft_config.get(model.active_adapter) if model.peft_config else None
    return model.base_model if config is not None and config.is_prompt_learning else model.base_model.model


def plain_weights(model: Any) -> dict[str, Any]:
    """The base model's own weights, under the names that it has without an adapter."""
    prefix = getattr(model.base_model, "prefix", "") or "lora_"
    return {
        name.replace(".base_layer.", "."): weight
        for name, weight in base_of(model).state_dict().items()
        if prefix not in name and ".modules_to_save." not in name
    }


def has_layers_of_adapter(folder: Path) -> bool:
    """MLflow stores a base model under the names that its layers have inside an adapter, and finds them no more."""
    from safetensors import safe_open

    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            if any(".base_layer." in name for name in file.keys()):  # noqa: SIM118 — it isn't iterable itself
                return True
    return False


def save(model: Any, folder: Path) -> None:
    # "auto" asks the hub for the base model's vocabulary.
    resized = any(name.endswith(("embed_tokens", "lm_head")) for name in _targets(model))
    model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=resized)


def _targets(model: Any) -> list[str]:
    targets: list[str] = []
    for config in model.peft_config.values():
        for field in ("target_modules", "modules_to_save"):
            value = getattr(config, field, None)
            targets += [value] if isinstance(value, str) else list(value or ())
    return targets


def put_on(base: Any, folder: Path) -> Any:
    peft = optional_import("peft", why="the model is an adapter on a base model")
    return peft.PeftModel.from_pretrained(base, str(folder))
