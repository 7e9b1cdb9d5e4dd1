from __future__ import annotations

import msgspec

from headrace import clock
from headrace.stores.leases import LOST_TAG, ReapingStore, check_heartbeat, lost, owned_by_another
from headrace.stores.memory.state import ACTIVE, Lease, RunRow, State


class MemoryLeases(State, ReapingStore):
    def heartbeat(self, run_id: str, owner: str, lease_ms: int, shared: bool = False, lost: str = "FAILED") -> str:
        check_heartbeat(owner, lease_ms, lost)
        with self.lock:
            row, now = self.active_run(run_id), clock.now_ms()
            lease = row.lease
            if row.info.status != "RUNNING":
                if lease is None or lease.until_ms is not None or not (shared or lease.owner == owner):
                    return row.info.status
                row.info = msgspec.structs.replace(row.info, status="RUNNING", end_time=None)
                row.tags.pop(LOST_TAG, None)
                self.touch(row)
            holder = owner
            if lease is not None and lease.until_ms is not None and lease.until_ms > now:
                if lease.owner != owner and not shared:
                    raise owned_by_another(run_id, lease.owner, now - lease.heartbeat_ms)
                holder = lease.owner
            row.lease = Lease(holder, now, now + lease_ms, lost)
            return row.info.status

    def reap(self, up_ms: int | None = None) -> list[str]:
        with self.lock:
            now = clock.now_ms()
            return [row.info.run_id for row in self.runs.values() if self._ended(row, now, up_ms)]

    def _ended(self, row: RunRow, now: int, up_ms: int | None) -> bool:
        lease, info = row.lease, row.info
        if lease is None or lease.until_ms is None or info.status != "RUNNING" or info.lifecycle_stage != ACTIVE:
            return False
        if lease.until_ms > now or (up_ms is not None and lease.until_ms - lease.heartbeat_ms > up_ms):
            return False
        row.info = msgspec.structs.replace(info, status=lease.lost_status, end_time=lease.heartbeat_ms)
        row.tags[LOST_TAG] = lost(lease.owner, now - lease.heartbeat_ms)
        row.lease = lease._replace(until_ms=None)
        self.touch(row)
        return True
