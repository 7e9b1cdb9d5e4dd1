from __future__ import annotations

from typing import Any

from headrace.errors import NotSupported
from headrace.server.exchange import Exchange, Routes
from headrace.stores.amendments import MAX_HIDDEN_POINTS, AmendmentStore
from headrace.wire.convert.amendments import correction_messages, rewind_messages
from headrace.wire.convert.metrics import metric_messages
from headrace.wire.messages import amendments as m
from headrace.wire.messages.metrics import MetricHistoryAnswer
from headrace.wire.table import amendments as table

routes = Routes()


@routes.serves(table.LIST_REWINDS)
async def list_rewinds(exchange: Exchange[m.OfRun]) -> m.RewindsAnswer:
    found = await exchange.backend.call(_store(exchange).list_rewinds, exchange.message.run_id)
    return m.RewindsAnswer(rewinds=rewind_messages(found))


@routes.serves(table.HIDDEN_POINTS)
async def hidden_points(exchange: Exchange[m.HiddenPoints]) -> MetricHistoryAnswer:
    request = exchange.message
    most = MAX_HIDDEN_POINTS if request.max_results is None else request.max_results
    page = await exchange.backend.call(
        _store(exchange).hidden_points,
        request.run_id,
        request.metric_key,
        request.rewind_id,
        most,
        request.page_token or None,
    )
    return MetricHistoryAnswer(metrics=metric_messages(page), next_page_token=page.token)


@routes.serves(table.PARAM_CORRECTIONS)
async def param_corrections(exchange: Exchange[m.OfRun]) -> m.ParamCorrectionsAnswer:
    found = await exchange.backend.call(_store(exchange).param_corrections, exchange.message.run_id)
    return m.ParamCorrectionsAnswer(corrections=correction_messages(found))


def _store(exchange: Exchange[Any]) -> AmendmentStore:
    store = exchange.backend.store
    if not isinstance(store, AmendmentStore):
        raise NotSupported("The store of this server keeps no rewinds and no corrections of params.")
    return store
