"""The fluent calls for registered models and their versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from headrace.client.acts import act
from headrace.client.open import registry_store
from headrace.client.registration import AWAIT_S, register
from headrace.client.values import as_key, as_text
from headrace.entities import ModelVersion, ModelVersionTag, Page, RegisteredModel
from headrace.errors import MissingValue, NotSupported

_MODELS_PAGE = 100
_VERSIONS_PAGE = 10_000

T = TypeVar("T")


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int | None = AWAIT_S,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
    comment: str | None = None,
) -> ModelVersion:
    """The next version of the model of that name, which is made if it is missing.

    model_uri: models:/m-…, runs:/RUN_ID/path, another version (models:/NAME/3, models:/NAME@ALIAS), an artifact
    address, or, with a store of this machine, a model's folder. Waits up to await_registration_for seconds until the
    version is ready; 0 or None doesn't. comment: why; the model's history keeps it.
    """
    if env_pack is not None:
        raise NotSupported("env_pack prepares models for Databricks Model Serving, which Headrace doesn't do.")
    return register(str(model_uri), name, await_registration_for, tags, comment)


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[RegisteredModel]:
    """All that match, or the first max_results."""
    store, order = registry_store(), tuple(order_by or ())
    return _all(
        lambda size, token: store.search_registered_models(filter_string or None, size, order, token),
        max_results,
        _MODELS_PAGE,
    )


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[ModelVersion]:
    """All that match, or the first max_results. Aliases aren't filled."""
    store, order = registry_store(), tuple(order_by or ())
    return _all(
        lambda size, token: store.search_model_versions(filter_string or None, size, order, token),
        max_results,
        _VERSIONS_PAGE,
    )


def set_model_version_tag(
    name: str,
    version: str | int | None = None,
    key: str | None = None,
    value: Any = None,
    *,
    comment: str | None = None,
) -> None:
    if version is None:
        raise MissingValue("version")
    if key is None:
        raise MissingValue("key")
    tag = ModelVersionTag(as_key("tag name", key), as_text(value))
    registry_store().set_model_version_tag(name, str(version), tag, act=act(comment))


def _all(ask: Callable[[int, str | None], Page[T]], most: int | None, page_size: int) -> list[T]:
    found, token = list[T](), None
    while most is None or len(found) < most:
        page = ask(page_size if most is None else min(page_size, most - len(found)), token)
        found += page
        token = page.token
        if token is None:
            break
    return found
