from __future__ import annotations

from collections.abc import Collection, Sequence

from headrace.client.rest_store.registry_session import RegistrySession
from headrace.entities import Act, EventKind, Page, RegistryEvent
from headrace.stores.registry import NOBODY, RegistryHistoryStore
from headrace.wire.convert.registry_extras import event, event_fields
from headrace.wire.messages import registry_extras as m
from headrace.wire.table import registry_extras as t

_WHAT = "history of models"


class RestRegistryHistory(RegistrySession, RegistryHistoryStore):
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
        request = m.SearchHistory(
            name=name,
            version=version,
            kinds=sorted(kinds),
            key=key,
            since_ms=since_ms,
            until_ms=until_ms,
            max_results=max_results,
            page_token=page_token,
        )
        answer = self._own(t.SEARCH_HISTORY, request, _WHAT)
        return Page(map(event, answer.events), answer.next_page_token)

    def get_alias_at(self, name: str, alias: str, at_ms: int) -> RegistryEvent | None:
        found = self._own(t.GET_ALIAS_AT, m.GetAliasAt(name=name, alias=alias, at_ms=at_ms), _WHAT).event
        return None if found is None else event(found)

    def get_stage_at(self, name: str, stage: str, at_ms: int) -> list[RegistryEvent]:
        answer = self._own(t.GET_STAGE_AT, m.GetStageAt(name=name, stage=stage, at_ms=at_ms), _WHAT)
        return [event(message) for message in answer.events]

    def verify_history(self, name: str) -> list[RegistryEvent]:
        answer = self._own(t.VERIFY_HISTORY, m.ModelName(name=name), _WHAT)
        return [event(message) for message in answer.events]

    def import_history(self, name: str, events: Sequence[RegistryEvent], *, act: Act = NOBODY) -> None:
        request = m.ImportHistory(name=name, events=event_fields(events), comment=act.comment)
        self._own(t.IMPORT_HISTORY, request, _WHAT, act)
