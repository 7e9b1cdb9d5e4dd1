from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from headrace.client.acts import act
from headrace.client.mlflow_client.target import Target
from headrace.client.values import as_key, as_text
from headrace.entities import (
    EventKind,
    ModelPolicy,
    ModelVersion,
    Page,
    RegisteredModel,
    RegisteredModelTag,
    RegistryEvent,
)
from headrace.errors import InvalidValue, NotFound

_MODELS_PAGE = 100
_EVENTS_PAGE = 1000


class RegisteredModelCalls(Target):
    """comment, everywhere: why; the model's history keeps it, with who and when."""

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,  # noqa: ARG002 — MLflow's argument, of its vendor's service
        *,
        comment: str | None = None,
    ) -> RegisteredModel:
        entries = [RegisteredModelTag(as_key("tag name", key), as_text(value)) for key, value in (tags or {}).items()]
        return self._registry.create_registered_model(name, entries, description, act=act(comment))

    def get_registered_model(self, name: str) -> RegisteredModel:
        return self._registry.get_registered_model(name)

    def update_registered_model(
        self,
        name: str,
        description: str | None = None,
        deployment_job_id: str | None = None,  # noqa: ARG002 — MLflow's argument, of its vendor's service
        *,
        comment: str | None = None,
    ) -> RegisteredModel:
        """description: None clears it."""
        return self._registry.update_registered_model(name, description, act=act(comment))

    def rename_registered_model(self, name: str, new_name: str, *, comment: str | None = None) -> RegisteredModel:
        return self._registry.rename_registered_model(name, new_name, act=act(comment))

    def delete_registered_model(self, name: str, *, comment: str | None = None) -> None:
        """With its versions, tags and aliases; its history stays."""
        self._registry.delete_registered_model(name, act=act(comment))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = _MODELS_PAGE,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """One page; its `token` leads to the next."""
        return self._registry.search_registered_models(
            filter_string or None, max_results, tuple(order_by or ()), page_token
        )

    def set_registered_model_tag(self, name: str, key: str, value: Any, *, comment: str | None = None) -> None:
        tag = RegisteredModelTag(as_key("tag name", key), as_text(value))
        self._registry.set_registered_model_tag(name, tag, act=act(comment))

    def delete_registered_model_tag(self, name: str, key: str, *, comment: str | None = None) -> None:
        self._registry.delete_registered_model_tag(name, key, act=act(comment))

    def set_registered_model_alias(
        self, name: str, alias: str, version: str | int, *, comment: str | None = None
    ) -> None:
        self._registry.set_registered_model_alias(name, alias, str(version), act=act(comment))

    def delete_registered_model_alias(self, name: str, alias: str, *, comment: str | None = None) -> None:
        self._registry.delete_registered_model_alias(name, alias, act=act(comment))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        return self._registry.get_model_version_by_alias(name, alias)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """The highest version of each stage; no stages = all four."""
        return self._registry.get_latest_versions(name, [stages] if isinstance(stages, str) else list(stages or ()))

    def get_model_policy(self, name: str) -> ModelPolicy:
        """What the model demands of versions that take an alias or are loaded."""
        return self._registry.get_policy(name)

    def set_model_policy(self, name: str, policy: ModelPolicy, *, comment: str | None = None) -> None:
        self._registry.set_policy(name, policy, act=act(comment))

    def get_model_version_history(
        self,
        name: str,
        *,
        version: str | int | None = None,
        kinds: Collection[EventKind] = (),
        key: str | None = None,
        since: datetime | int | None = None,
        until: datetime | int | None = None,
        max_results: int = _EVENTS_PAGE,
        page_token: str | None = None,
    ) -> Page[RegistryEvent]:
        """Who changed what of the model, and why; newest first. key: of one alias or tag. Times: datetime, or ms."""
        return self._registry.search_history(
            name,
            version=None if version is None else str(version),
            kinds=kinds,
            key=key,
            since_ms=_ms("since", since),
            until_ms=_ms("until", until),
            max_results=max_results,
            page_token=page_token,
        )

    def get_model_version_at(self, name: str, alias: str, at: datetime | int) -> RegistryEvent:
        """The event by which the alias pointed where it did at that time: its version, digest, and who put it there.
        at: a datetime (local time where it has no zone), or ms since the epoch. NotFound if it pointed nowhere."""
        at_ms = _ms("at", at)
        assert at_ms is not None
        found = self._registry.get_alias_at(name, alias, at_ms)
        if found is None:
            raise NotFound("alias", alias, by="name", hint=f"At that time it pointed to no version of {name!r}.")
        return found

    def verify_model_history(self, name: str) -> list[RegistryEvent]:
        """The entries of the model's history that were changed behind the registry's back; none if all is well."""
        return self._registry.verify_history(name)


def _ms(field: str, time: datetime | int | None) -> int | None:
    if time is None or (isinstance(time, int) and not isinstance(time, bool)):
        return time
    if isinstance(time, datetime):
        return round(time.timestamp() * 1000)
    raise InvalidValue(field, time, "a datetime, or milliseconds since the epoch.")
