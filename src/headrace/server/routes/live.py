from __future__ import annotations

from starlette.responses import Response

from headrace.entities import ViewType
from headrace.server.events import event_stream
from headrace.server.exchange import Exchange, Routes
from headrace.stores import checks
from headrace.wire.convert.live import changes_answer, run_group_message
from headrace.wire.messages import live as m
from headrace.wire.table import runs as table

routes = Routes()


@routes.serves(table.LIST_CHANGES)
async def list_changes(exchange: Exchange[m.ListChanges]) -> m.ChangesAnswer:
    backend, request = exchange.backend, exchange.message
    changes = await backend.call(
        backend.store.changes, request.since or None, request.experiment_ids, request.max_results
    )
    return changes_answer(changes)


@routes.serves(table.STREAM_CHANGES)
async def stream_changes(exchange: Exchange[m.StreamChanges]) -> Response:
    request = exchange.message
    for each in request.experiment_ids:
        checks.experiment_number(each)
    since = exchange.header("last-event-id") or request.since or None
    listener = await exchange.backend.watch.listen(request.experiment_ids, since)
    return await event_stream(listener, exchange.scope["method"] == "HEAD")


@routes.serves(table.AGGREGATE_RUNS)
async def aggregate_runs(exchange: Exchange[m.AggregateRuns]) -> m.AggregateRunsAnswer:
    backend, request = exchange.backend, exchange.message
    groups = await backend.call(
        backend.store.aggregate_runs,
        request.experiment_ids,
        request.group_by,
        request.metrics,
        request.filter,
        ViewType[request.run_view_type or "ACTIVE_ONLY"],
        request.max_results,
    )
    return m.AggregateRunsAnswer(groups=[run_group_message(group) for group in groups])


@routes.serves(table.LIST_RUN_KEYS)
async def list_run_keys(exchange: Exchange[m.ListRunKeys]) -> m.RunKeysAnswer:
    backend, request = exchange.backend, exchange.message
    keys = await backend.call(
        backend.store.run_keys,
        request.experiment_ids,
        request.kind,
        request.contains,
        request.max_results,
        request.page_token or None,
    )
    return m.RunKeysAnswer(keys=list(keys), next_page_token=keys.token)
