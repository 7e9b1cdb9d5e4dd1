from __future__ import annotations

from headrace.errors import NotSupported
from headrace.server.exchange import Exchange, Routes
from headrace.stores.leases import LeaseStore
from headrace.wire.messages import leases as m
from headrace.wire.table import leases as table

routes = Routes()


@routes.serves(table.HEARTBEAT)
async def heartbeat(exchange: Exchange[m.Heartbeat]) -> m.HeartbeatAnswer:
    backend, request = exchange.backend, exchange.message
    store = backend.store
    if not isinstance(store, LeaseStore):
        raise NotSupported("The store of this server leases no runs.")
    status = await backend.write(
        store.heartbeat, request.run_id, request.owner, request.lease_ms, request.shared, request.lost
    )
    return m.HeartbeatAnswer(status=status)
