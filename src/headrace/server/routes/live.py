from __future__ import annotations

from headrace.entities import ViewType
from headrace.server.exchange import Exchange, Routes
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
