from __future__ import annotations

from collections.abc import Collection, Sequence

from headrace.entities import Act, EventKind, Page, RegistryEvent, limits
from headrace.errors import NotFound
from headrace.stores import registry_checks as checks
from headrace.stores import registry_journal, tokens
from headrace.stores.memory.registry_rows import RegisteredModelRow
from headrace.stores.memory.registry_state import RegistryState
from headrace.stores.registry import NOBODY, RegistryHistoryStore


class MemoryRegistryHistory(RegistryState, RegistryHistoryStore):
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
        wanted = checks.history_search(name, version, kinds, key, since_ms, until_ms, max_results)
        digest = tokens.search_digest("registry history", wanted)
        behind = tokens.decode(page_token, digest) if page_token else self.last_event + 1
        if page_token and not isinstance(behind, int):
            raise tokens.refused(page_token)
        with self.lock:
            events = [event for row in self._ever_named(name) for event in row.events]
        found = [event for event in events if wanted.takes(event) and event.event_id < behind]
        found.sort(key=lambda event: -event.event_id)
        kept = found[:max_results]
        return Page(kept, tokens.encode(digest, kept[-1].event_id) if len(found) > len(kept) else None)

    def _ever_named(self, name: str) -> list[RegisteredModelRow]:
        """The models whose history the name stands for, oldest first."""
        checks.model_name(name)
        rows = [row for row in self.registered_models if row.name == name]
        rows = rows or [row for row in self.registered_models if name in row.former_names]
        if not rows:
            raise NotFound("registered model", name, by="name", hint="None was ever named so.")
        return rows

    def get_alias_at(self, name: str, alias: str, at_ms: int) -> RegistryEvent | None:
        checks.alias(alias)
        limits.check_int64("at_ms", at_ms)
        with self.lock:
            journals = [_until(row, at_ms) for row in self._ever_named(name)]
        return registry_journal.alias_event_of_any(journals, name, alias)

    def get_stage_at(self, name: str, stage: str, at_ms: int) -> list[RegistryEvent]:
        wanted = checks.stage(stage)
        limits.check_int64("at_ms", at_ms)
        with self.lock:
            journals = [_until(row, at_ms) for row in self._ever_named(name)]
        return registry_journal.stage_events_of_any(journals, name, wanted)

    def verify_history(self, name: str) -> list[RegistryEvent]:
        with self.lock:
            rows = self._ever_named(name)
            return [event for row in rows for event in registry_journal.broken(row.events, row.chain)]

    def import_history(self, name: str, events: Sequence[RegistryEvent], *, act: Act = NOBODY) -> None:
        checks.model_name(name)
        checks.events_to_import(events)
        checks.act(act)
        with self.lock:
            row = self.registered(name)
            checks.only_created(name, len(row.events))
            for event in events:
                self.keep_event(row, event)
            before = registry_journal.name_after(events[-1]) if events else None
            self.journal(row, act, "imported", before=before, after=str(len(events)))


def _until(row: RegisteredModelRow, at_ms: int) -> list[RegistryEvent]:
    return [event for event in row.events if event.timestamp <= at_ms]
