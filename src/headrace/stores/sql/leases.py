"""Who writes a run, and until when that is believed.

owner without lease_until_ms: the lease was over, and `reap` ended the run. Both NULL: it isn't leased.
"""

from __future__ import annotations

from headrace import clock
from headrace.errors import NotFound
from headrace.stores import checks
from headrace.stores.leases import LOST_TAG, ReapingStore, check_heartbeat, lost, owned_by_another
from headrace.stores.sql import document
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.lifecycle import stage
from headrace.stores.sql.run_row import for_write
from headrace.stores.sql.transactions import Transactions

ONE_REAPER = 0x6865_6164_7265_6170  # number of the advisory lock
PROLONG = (
    "UPDATE run SET owner = CASE WHEN lease_until_ms > ? THEN owner ELSE ? END, heartbeat_ms = ?, lease_until_ms = ?, "
    "lost_status = ? WHERE run_id = ? AND status = 'RUNNING' AND deleted_ms IS NULL "
    "AND (owner IS NULL OR owner = ? OR lease_until_ms IS NULL OR lease_until_ms <= ? OR ? = 1)"
)
STATE = "SELECT status, owner, heartbeat_ms, lease_until_ms, deleted_ms FROM run WHERE run_id = ?"
OVER = (
    "SELECT run_id, owner, heartbeat_ms FROM run WHERE lease_until_ms <= ? AND lease_until_ms - heartbeat_ms <= ? "
    "AND status = 'RUNNING' AND deleted_ms IS NULL ORDER BY id"
)
END = (
    "UPDATE run SET status = lost_status, end_time = heartbeat_ms, lease_until_ms = NULL "
    "WHERE id = ? AND lease_until_ms <= ? AND status = 'RUNNING'"
)
REVIVE = (
    "UPDATE run SET status = 'RUNNING', end_time = NULL, heartbeat_ms = ?, lease_until_ms = ?, lost_status = ? "
    "WHERE id = ?"
)
FOREVER_MS = 1 << 62


class SqlLeases(Transactions, ReapingStore):
    def heartbeat(self, run_id: str, owner: str, lease_ms: int, shared: bool = False, lost: str = "FAILED") -> str:
        return self._write(_heartbeat(run_id, owner, lease_ms, shared, lost))

    def reap(self, up_ms: int | None = None) -> list[str]:
        longest_ms = FOREVER_MS if up_ms is None else up_ms
        if not self._read(lambda db: db.execute(OVER, (_now_ms(db), longest_ms)).fetchone()):
            return []  # as nearly always: without the writers' lock
        return self._write(_reap(longest_ms))


def freed(db: Database, ref: int, ended: bool) -> None:
    """Somebody sets the status of the run."""
    row = db.execute("SELECT owner, lease_until_ms FROM run WHERE id = ?", (ref,)).fetchone()
    if row[0] is None:
        return
    if row[1] is None:
        document.delete_tag(db, ref, LOST_TAG)
    if ended or row[1] is None:
        db.execute("UPDATE run SET owner = NULL, lease_until_ms = NULL WHERE id = ?", (ref,))


def _heartbeat(run_id: str, owner: str, lease_ms: int, shared: bool, lost_status: str) -> Work[str]:
    check_heartbeat(owner, lease_ms, lost_status)

    def work(db: Database) -> str:
        now = _now_ms(db)
        until = now + lease_ms
        if db.execute(PROLONG, (now, owner, now, until, lost_status, run_id, owner, now, int(shared))).rowcount:
            return "RUNNING"
        row = db.execute(STATE, (run_id,)).fetchone()
        if row is None:
            raise NotFound("run", run_id)
        status, holder, last_ms, lease, deleted_ms = row
        checks.active_run(run_id, stage(deleted_ms))
        if status == "RUNNING":
            raise owned_by_another(run_id, holder, now - last_ms)
        if lease is not None or holder is None or not (shared or holder == owner):
            return str(status)
        run = for_write(db, run_id)
        db.execute(REVIVE, (now, until, lost_status, run.ref))
        document.delete_tag(db, run.ref, LOST_TAG)
        return "RUNNING"

    return work


def _reap(longest_ms: int) -> Work[list[str]]:
    def work(db: Database) -> list[str]:
        if (
            db.dialect == "postgresql"
            and not db.execute("SELECT pg_try_advisory_xact_lock(?)", (ONE_REAPER,)).fetchone()[0]
        ):
            return []
        now, ended = _now_ms(db), []
        for run_id, owner, last_ms in db.execute(OVER, (now, longest_ms)).fetchall():
            run = for_write(db, run_id)
            if db.execute(END, (run.ref, now)).rowcount:
                document.set_tags(db, run.ref, run.experiment_id, {LOST_TAG: lost(owner, now - last_ms)})
                ended.append(run_id)
        return ended

    return work


def _now_ms(db: Database) -> int:
    """By the database's clock; SQLite has that of this machine."""
    if db.dialect == "sqlite":
        return clock.now_ms()
    return int(db.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").fetchone()[0])
