"""What the parts of the memory registry share: finding rows, and the journal."""

from __future__ import annotations

from typing import Any

from headrace import clock
from headrace.entities import Act, EventKind, RegistryEvent
from headrace.errors import NotFound
from headrace.stores import registry_checks, registry_journal
from headrace.stores.memory.registry_rows import RegisteredModelRow
from headrace.stores.memory.state import State
from headrace.stores.memory.webhooks import enqueue


class RegistryState(State):
    def registered(self, name: str) -> RegisteredModelRow:
        found = self.registered_or_none(name)
        if found is None:
            raise NotFound("registered model", name, by="name")
        return found

    def registered_or_none(self, name: str) -> RegisteredModelRow | None:
        return next((row for row in self.registered_models if row.name == name and not row.deleted), None)

    def check_free(self, name: str, *, prompt: bool) -> None:
        holder = self.registered_or_none(name)
        if holder is not None:
            raise registry_checks.name_taken(name, by_prompt=holder.prompt, prompt=prompt)

    def held_version(self, name: str, version: str) -> tuple[RegisteredModelRow, int]:
        number = registry_checks.version_number(version)
        row = self.registered(name)
        if number not in row.versions:
            raise NotFound(f"version of registered model {name!r}", version, by="number")
        return row, number

    def journal(
        self,
        row: RegisteredModelRow,
        act: Act,
        kind: EventKind,
        *,
        version: int | None = None,
        key: str = "",
        before: str | None = None,
        after: str | None = None,
        digest: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """The time of the entry, never before the model's last one."""
        event = RegistryEvent(
            event_id=0,
            timestamp=max(clock.now_ms(), row.event_ms),
            kind=kind,
            name=row.name,
            version=None if version is None else str(version),
            key=key,
            before=before,
            after=after,
            digest=digest,
            who=act.who,
            comment=act.comment,
        )
        event = self.keep_event(row, event)
        row.event_ms = event.timestamp
        enqueue(self, event, data or {}, prompt=row.prompt)
        return event.timestamp

    def keep_event(self, row: RegisteredModelRow, event: RegistryEvent) -> RegistryEvent:
        self.last_event += 1
        row.chain = registry_journal.chained(row.chain, event)
        kept = registry_journal.numbered(event, self.last_event, row.chain)
        row.events.append(kept)
        return kept
