from __future__ import annotations

from headrace.client.rest_store.session import Session
from headrace.entities import Metric, Page, ParamCorrection, Rewind
from headrace.errors import NotSupported
from headrace.stores.amendments import MAX_HIDDEN_POINTS, AmendmentStore
from headrace.wire.convert.amendments import corrections, rewinds
from headrace.wire.convert.metrics import metrics
from headrace.wire.messages import amendments as m
from headrace.wire.table import amendments as t


class RestAmendments(AmendmentStore):
    _session: Session

    def list_rewinds(self, run_id: str) -> list[Rewind]:
        answer = self._session.call_own(t.LIST_REWINDS, m.OfRun(run_id=run_id))
        if answer is None:
            raise self._without("rewinds")
        return rewinds(answer.rewinds)

    def hidden_points(
        self,
        run_id: str,
        key: str,
        rewind_id: int | None = None,
        max_results: int = MAX_HIDDEN_POINTS,
        page_token: str | None = None,
    ) -> Page[Metric]:
        request = m.HiddenPoints(
            run_id=run_id, metric_key=key, rewind_id=rewind_id, max_results=max_results, page_token=page_token
        )
        answer = self._session.call_own(t.HIDDEN_POINTS, request)
        if answer is None:
            raise self._without("rewinds")
        return Page(metrics(answer.metrics), answer.next_page_token)

    def param_corrections(self, run_id: str) -> list[ParamCorrection]:
        answer = self._session.call_own(t.PARAM_CORRECTIONS, m.OfRun(run_id=run_id))
        if answer is None:
            raise self._without("corrections of params")
        return corrections(answer.corrections)

    def _without(self, what: str) -> NotSupported:
        return NotSupported(f"The server at {self._session.base} isn't Headrace's: it keeps no {what}.")
