from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.session import Session
from headrace.client.rest_store.views import view_name
from headrace.entities import Changes, KeyKind, Page, RunGroup, ViewType
from headrace.errors import NotSupported
from headrace.stores.base import LiveView
from headrace.wire.convert.live import changes, run_group
from headrace.wire.messages import live as m
from headrace.wire.table import runs as t


class RestLiveView(LiveView):
    _session: Session

    def changes(self, since: str | None = None, experiment_ids: Sequence[str] = (), max_results: int = 1000) -> Changes:
        request = m.ListChanges(since=since, experiment_ids=list(experiment_ids), max_results=max_results)
        answer = self._session.call_own(t.LIST_CHANGES, request)
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it has no list of changes.")
        return changes(answer)

    def aggregate_runs(
        self,
        experiment_ids: Sequence[str],
        group_by: Sequence[str],
        metrics: Sequence[str] = (),
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
    ) -> list[RunGroup]:
        request = m.AggregateRuns(
            experiment_ids=list(experiment_ids),
            group_by=list(group_by),
            metrics=list(metrics),
            filter=filter_string,
            run_view_type=view_name(view_type),
            max_results=max_results,
        )
        answer = self._session.call_own(t.AGGREGATE_RUNS, request)
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it can't group runs.")
        return [run_group(one) for one in answer.groups]

    def run_keys(
        self,
        experiment_ids: Sequence[str],
        kind: KeyKind,
        contains: str = "",
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[str]:
        request = m.ListRunKeys(
            experiment_ids=list(experiment_ids),
            kind=kind,
            contains=contains,
            max_results=max_results,
            page_token=page_token,
        )
        answer = self._session.call_own(t.LIST_RUN_KEYS, request)
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it has no list of keys.")
        return Page(answer.keys, answer.next_page_token)
