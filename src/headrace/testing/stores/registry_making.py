"""Data for the registry's suites."""

from __future__ import annotations

from typing import Any

from headrace import clock
from headrace.entities import ModelVersionTag, RegisteredModelTag, RegistryEvent, VersionManifest
from headrace.entities.version_manifest import FileRecord
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import unique

PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPT_SOURCE = "dummy-source"  # what clients of MLflow give
SOURCE = "s3://bucket/models/one"

NAMES_REFUSED = ["", " ", "\t\n", "a/b", "a:b", "/", "../x", ".", "..", "models:/x", "x" * 257, "y" * 10_000, "a\x00b"]
ALIASES_ALLOWED = ["a", "A", "champion", "prod_2-x", "x" * 255, "v", "version1", "latest2", "чемпион", "1"]
ALIASES_REFUSED = ["", " ", "a b", "a.b", "a/b", "a\n", "x" * 256, "y" * 10_000, "a@b"]
ALIASES_RESERVED = ["latest", "Latest", "LATEST", "v1", "V12"]


def new_model(store: RegistryStore, **fields: Any) -> str:
    """The name of a model of its own."""
    return store.create_registered_model(fields.pop("name", None) or unique("model"), **fields).name


def new_version(store: RegistryStore, name: str, source: str = SOURCE, **fields: Any) -> str:
    return store.create_model_version(name, source, **fields).version


def model_tags(**values: str) -> list[RegisteredModelTag]:
    return [RegisteredModelTag(key, value) for key, value in values.items()]


def version_tags(**values: str) -> list[ModelVersionTag]:
    return [ModelVersionTag(key, value) for key, value in values.items()]


def manifest(**sizes: int) -> VersionManifest:
    return VersionManifest(files={f"data/{name}.bin": FileRecord(size, f"{size:064x}") for name, size in sizes.items()})


def a_later_moment() -> int:
    """A time in ms: all that happened was before it, all that follows comes after it."""
    moment = clock.now_ms() + 1
    while clock.now_ms() <= moment:
        pass
    return moment


def told(events: list[RegistryEvent]) -> list[tuple[Any, ...]]:
    """(kind, version, key, before, after), oldest first."""
    return [(each.kind, each.version, each.key, each.before, each.after) for each in reversed(events)]
