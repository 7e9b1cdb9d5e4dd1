from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from headrace.entities import ViewType
from headrace.server.exchange import Exchange, Routes
from headrace.wire.codec import encode
from headrace.wire.convert.live import changes_answer, run_group_message
from headrace.wire.endpoint import EVENTS
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
    backend, request = exchange.backend, exchange.message

    async def events() -> AsyncIterator[bytes]:
        since = exchange.header("last-event-id") or request.since or None
        while True:
            changes = await backend.call(backend.store.changes, since, request.experiment_ids, 1000)
            if since is None or changes.runs:
                yield b"id: %s\nevent: changes\ndata: %s\n\n" % (
                    changes.cursor.encode(),
                    encode(changes_answer(changes)),
                )
            since = changes.cursor
            await asyncio.sleep(0.5)

    return StreamingResponse(events(), media_type=EVENTS)


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
