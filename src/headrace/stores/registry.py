"""What a registry store promises. The rules of `stores.base` hold here too; what is more than storage (rules about
sources, gates, digests of files, signatures) is `headrace.registry`, whose store wraps one of these.

- Every write is journalled in its own transaction, with the `Act` of whoever makes it, and enqueues the deliveries of
  the webhooks that want it (`WebhookStore`). Events of one model form a chain; nothing edits or removes them, not even
  the deletion of the model.
- A version is named by its model and its number as decimal digits: InvalidValue for what isn't such a number, NotFound
  for one that isn't there or was deleted. Numbers count up from 1 without a gap and are never used again.
- Names of models: not blank, no "/" or ":", no path to another name (".", ".."), at most 256 characters.
  Aliases: `^[\\w\\-]+$`, 255 characters, not "latest" in any case, not "v1" and the like. Tags: key 250, value 100,000
  characters.
- A prompt is a model with tag mlflow.prompt.is_prompt = "true", a version of one a version with that tag. Searches
  leave prompts out unless their filter asks for that tag (= 'true' or != 'false'); whatever is none counts as having
  it with value "false".
- Times in the journal of one model never go back, whatever the clocks of several servers say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from headrace.entities import (
    Act,
    DeliveryState,
    EventKind,
    ModelPolicy,
    ModelVersion,
    ModelVersionTag,
    Page,
    RegisteredModel,
    RegisteredModelTag,
    RegistryEvent,
    VersionManifest,
    VersionSignature,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookState,
    WebhookTestResult,
)

NOBODY = Act()


class RegisteredModelStore(ABC):
    @abstractmethod
    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] = (),
        description: str | None = None,
        *,
        act: Act = NOBODY,
    ) -> RegisteredModel:
        """AlreadyExists if the name is taken; the text says by a prompt or by a model, where that differs."""

    @abstractmethod
    def get_registered_model(self, name: str) -> RegisteredModel: ...

    @abstractmethod
    def update_registered_model(self, name: str, description: str | None, *, act: Act = NOBODY) -> RegisteredModel:
        """None clears the description."""

    @abstractmethod
    def rename_registered_model(self, name: str, new_name: str, *, act: Act = NOBODY) -> RegisteredModel:
        """Its versions, tags, aliases and history go with it."""

    @abstractmethod
    def delete_registered_model(self, name: str, *, act: Act = NOBODY) -> None:
        """With versions, tags and aliases. Its history stays."""

    @abstractmethod
    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[RegisteredModel]:
        """max_results: 1 to 1,000."""

    @abstractmethod
    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag, *, act: Act = NOBODY) -> None: ...

    @abstractmethod
    def delete_registered_model_tag(self, name: str, key: str, *, act: Act = NOBODY) -> None:
        """A tag that isn't there is no error, and no event."""

    @abstractmethod
    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        """Moves the alias there. if_revision: Conflict if the model has changed since that revision, so that what was
        checked before still holds."""

    @abstractmethod
    def delete_registered_model_alias(self, name: str, alias: str, *, act: Act = NOBODY) -> None:
        """An alias that isn't there is no error, and no event."""

    @abstractmethod
    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """ "latest": the highest version. InvalidValue (as MLflow) for an alias that isn't there."""

    @abstractmethod
    def get_latest_versions(self, name: str, stages: Sequence[str] = ()) -> list[ModelVersion]:
        """The highest version of each stage; no stages = all four."""

    @abstractmethod
    def get_policy(self, name: str) -> ModelPolicy: ...

    @abstractmethod
    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None: ...


class ModelVersionStore(ABC):
    @abstractmethod
    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Sequence[ModelVersionTag] = (),
        run_link: str | None = None,
        description: str | None = None,
        model_id: str | None = None,
        *,
        storage_location: str | None = None,
        manifest: VersionManifest | None = None,
        signatures: Sequence[VersionSignature] = (),
        user_id: str | None = None,
        act: Act = NOBODY,
    ) -> ModelVersion:
        """The next version. storage_location: where its files lie, if not at `source` itself. The model must exist."""

    @abstractmethod
    def get_model_version(self, name: str, version: str) -> ModelVersion: ...

    @abstractmethod
    def update_model_version(
        self, name: str, version: str, description: str | None, *, act: Act = NOBODY
    ) -> ModelVersion: ...

    @abstractmethod
    def transition_model_version_stage(
        self,
        name: str,
        version: str,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        act: Act = NOBODY,
        if_revision: int | None = None,
    ) -> ModelVersion:
        """archive_existing_versions: the others of that stage become Archived, each with an event of its own; only with
        Staging and Production (InvalidValue)."""

    @abstractmethod
    def delete_model_version(self, name: str, version: str, *, act: Act = NOBODY) -> None:
        """Aliases that point to it go, each with an event of its own."""

    @abstractmethod
    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[ModelVersion]:
        """max_results: 1 to 200,000."""

    @abstractmethod
    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where its files lie."""

    @abstractmethod
    def set_model_version_tag(self, name: str, version: str, tag: ModelVersionTag, *, act: Act = NOBODY) -> None: ...

    @abstractmethod
    def delete_model_version_tag(self, name: str, version: str, key: str, *, act: Act = NOBODY) -> None: ...

    @abstractmethod
    def get_version_manifest(self, name: str, version: str) -> VersionManifest | None:
        """The present one; None where the version has none."""

    @abstractmethod
    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        """Replaces it, and keeps the former one. if_digest: Conflict unless the present one has that digest."""

    @abstractmethod
    def get_version_signatures(self, name: str, version: str) -> list[VersionSignature]:
        """All that were added, oldest first, also of earlier manifests."""

    @abstractmethod
    def add_version_signature(
        self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY
    ) -> None: ...


class RegistryHistoryStore(ABC):
    @abstractmethod
    def search_history(
        self,
        name: str,
        *,
        version: str | None = None,
        kinds: Collection[EventKind] = (),
        key: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[RegistryEvent]:
        """Newest first, of the model that has this name now with what happened under its earlier names, and of deleted
        models that had it last; where there is neither, of those that were once named so. key: of one alias or tag.
        Times are included. NotFound if no model ever had the name. max_results: 1 to 10,000."""

    @abstractmethod
    def get_alias_at(self, name: str, alias: str, at_ms: int) -> RegistryEvent | None:
        """The event by which the alias pointed where it did at that time; None if it pointed nowhere. Of several models
        that the name stands for, the one counts that had it then."""

    @abstractmethod
    def get_stage_at(self, name: str, stage: str, at_ms: int) -> list[RegistryEvent]:
        """The events by which versions had the stage at that time, newest first."""

    @abstractmethod
    def verify_history(self, name: str) -> list[RegistryEvent]:
        """Recomputes the chain; the events that don't fit it, in order, none if all do. The last chain value is also
        kept beside the model, so that a journal cut short shows: as the event after which entries are missing."""

    @abstractmethod
    def import_history(self, name: str, events: Sequence[RegistryEvent], *, act: Act = NOBODY) -> None:
        """Takes over the journal of a model from elsewhere, oldest first, below an "imported" event; times, names and
        acts stay, ids and chain are made anew. Only for a model that has no event but its creation (InvalidState)."""


class RegistryStore(RegisteredModelStore, ModelVersionStore, RegistryHistoryStore):
    """Everything about registered models."""


@runtime_checkable
class SupportsLocations(Protocol):
    """A registry store that knows, by an index, which versions lie where."""

    def versions_at(self, locations: Collection[str]) -> dict[str, list[ModelVersion]]:
        """Those whose files lie at exactly one of these addresses, by address; each list by name and number. Without
        aliases, and without prompts."""
        ...


class WebhookStore(ABC):
    """Webhooks, and the log of what they were told."""

    @abstractmethod
    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState = "ACTIVE",
    ) -> Webhook:
        """Names may repeat. Addresses, events and names are checked by whoever calls; the store keeps any."""

    @abstractmethod
    def get_webhook(self, webhook_id: str) -> Webhook:
        """With its secret, as it was given."""

    @abstractmethod
    def list_webhooks(self, max_results: int = 100, page_token: str | None = None) -> Page[Webhook]:
        """Newest first. max_results: 1 to 1,000."""

    @abstractmethod
    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        url: str | None = None,
        events: Sequence[WebhookEvent] | None = None,
        description: str | None = None,
        secret: str | None = None,
        status: WebhookState | None = None,
    ) -> Webhook:
        """None leaves a field as it is."""

    @abstractmethod
    def delete_webhook(self, webhook_id: str) -> None:
        """With its deliveries."""

    @abstractmethod
    def search_deliveries(
        self,
        webhook_id: str,
        state: DeliveryState | None = None,
        max_results: int = 100,
        page_token: str | None = None,
    ) -> Page[WebhookDelivery]:
        """Newest first. max_results: 1 to 1,000."""

    @abstractmethod
    def replay_delivery(self, delivery_id: str) -> WebhookDelivery:
        """Sends it again, or now if it waits: it is due, with no attempts counted, and keeps its id, by which the
        receiver knows it. One that is being sent stays as it is."""


class WebhookService(WebhookStore):
    """Webhooks as their users see them: checked, and without their secrets."""

    @abstractmethod
    def test_webhook(self, webhook_id: str, event: WebhookEvent | None = None) -> WebhookTestResult:
        """Sends an example of the event now, beside the queue; by default of the first that the webhook wants."""


class DeliveryQueue(ABC):
    """The other side of the webhooks: what is to be sent. Deliveries of webhooks that are not active wait."""

    @abstractmethod
    def claim_deliveries(
        self, max_results: int, lease_ms: int, *, per_webhook: int, in_flight: Mapping[str, int]
    ) -> list[WebhookDelivery]:
        """Due ones, the longest due first; of each webhook at most `per_webhook`, less those that are in flight there.
        They are the caller's until their lease ends: two callers never get the same one. Each claim counts as an
        attempt, so that one that takes its sender down with it isn't tried for ever."""

    @abstractmethod
    def settle_delivery(self, delivery: WebhookDelivery) -> bool:
        """Keeps state, due_ms, ended_ms and what was answered, and ends the lease. False, and without effect, if the
        delivery is gone, or the lease is another's by now."""

    @abstractmethod
    def next_delivery_due(self, busy: Collection[str]) -> int | None:
        """When the next `claim_deliveries` could find something that isn't of `busy` webhooks, in ms since the epoch.
        Cheap: it may be asked every second."""

    @abstractmethod
    def forget_deliveries(self, before_ms: int, max_results: int) -> int:
        """Drops deliveries that ended before that time, the earliest first; how many."""


def versions_matching(registry: ModelVersionStore, filter_string: str) -> Iterator[ModelVersion]:
    """All of them, page by page."""
    token: str | None = None
    while True:
        page = registry.search_model_versions(filter_string, page_token=token)
        yield from page
        token = page.token
        if token is None:
            return
