from __future__ import annotations

from headrace.client.rest_store.session import Session
from headrace.errors import NotSupported
from headrace.stores.leases import LeaseStore
from headrace.wire.messages import leases as m
from headrace.wire.table import leases as t


class RestLeases(LeaseStore):
    _session: Session

    def heartbeat(self, run_id: str, owner: str, lease_ms: int, shared: bool = False, lost: str = "FAILED") -> str:
        request = m.Heartbeat(run_id=run_id, owner=owner, lease_ms=lease_ms, shared=shared, lost=lost)
        answer = self._session.call_own(t.HEARTBEAT, request)
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it leases no runs.")
        return answer.status
