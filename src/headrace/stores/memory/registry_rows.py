"""Registered models of a memory store as mutable rows. A deleted model's row stays, for its journal."""

from __future__ import annotations

import msgspec

from headrace.entities import (
    ModelPolicy,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    VersionManifest,
    VersionSignature,
)
from headrace.query import is_prompt


class VersionRow:
    def __init__(self, record: ModelVersion, storage_location: str | None) -> None:
        """record: without aliases and digest; its tags are the row's own."""
        self.record = record
        self.storage_location = storage_location
        self.manifests: list[VersionManifest] = []
        self.signatures: list[VersionSignature] = []

    @property
    def digest(self) -> str | None:
        return self.manifests[-1].digest if self.manifests else None


class RegisteredModelRow:
    """record: without versions, aliases and revision; its tags are the row's own. former_names: all it ever had."""

    def __init__(self, record: RegisteredModel) -> None:
        self.record = record
        self.aliases: dict[str, int] = {}
        self.versions: dict[int, VersionRow] = {}
        self.made_versions = 0
        self.policy = ModelPolicy()
        self.events: list[RegistryEvent] = []
        self.chain = ""
        self.event_ms = 0
        self.former_names = {record.name}
        self.deleted = False

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def prompt(self) -> bool:
        return is_prompt(self.record.tags)

    def model(self) -> RegisteredModel:
        return msgspec.structs.replace(
            self.record,
            tags=dict(self.record.tags),
            aliases={alias: str(number) for alias, number in self.aliases.items()},
            latest_versions=[self.bare_version(number) for number in self.latest().values()],
            revision=len(self.events),
        )

    def latest(self) -> dict[str, int]:
        """The highest number of each stage."""
        return {row.record.current_stage: number for number, row in sorted(self.versions.items())}

    def bare_version(self, number: int) -> ModelVersion:
        """As searches return it."""
        row = self.versions[number]
        return msgspec.structs.replace(row.record, tags=dict(row.record.tags), digest=row.digest)

    def version(self, number: int) -> ModelVersion:
        aliases = sorted(alias for alias, held in self.aliases.items() if held == number)
        return msgspec.structs.replace(self.bare_version(number), aliases=aliases)

    def touch(self, now: int, **changes: str | None) -> None:
        self.record = msgspec.structs.replace(self.record, last_updated_timestamp=now, **changes)

    def touch_version(self, number: int, now: int, **changes: str | None) -> None:
        row = self.versions[number]
        row.record = msgspec.structs.replace(row.record, last_updated_timestamp=now, **changes)
