"""What a page that watches runs asks for.

A cursor is (horizon, seq, ref). On SQLite `seq` counts transactions in the order of their commits. On PostgreSQL it is
the writer's transaction id, and a small one may commit after a greater one was seen; so a pass starts from the horizon
below which every transaction had ended when the last pass started. What lies above it is told again.
"""

from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import Changes, RunChange, RunGroup, ViewType, limits
from headrace.errors import InvalidValue
from headrace.stores import checks
from headrace.stores.sql import run_search
from headrace.stores.sql.conditions import Part
from headrace.stores.sql.connection import Database, Work

HORIZON = {
    "sqlite": "SELECT coalesce(max(seq), 0) + 1 FROM run_change",
    "postgresql": "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
}
Cursor = tuple[int, int, int]


def changes(since: str | None, experiment_ids: Sequence[str], max_results: int) -> Work[Changes]:
    limits.check_max_results(max_results)
    numbers = sorted({checks.experiment_number(each) for each in experiment_ids})
    cursor = None if since is None else _cursor(since)

    def work(db: Database) -> Changes:
        now = int(db.execute(HORIZON[db.dialect]).fetchone()[0])
        if cursor is None:
            return Changes(_start_at(now), [])
        horizon, seq, ref = cursor
        scope = Part(f" AND c.experiment_id {db.any_of}", (db.among(numbers),)) if numbers else Part("")
        rows = db.execute(
            "SELECT c.seq, c.run_ref, r.run_id, c.experiment_id, c.rewinds "
            "FROM run_change c JOIN run r ON r.id = c.run_ref "
            f"WHERE c.seq >= ? AND (c.seq > ? OR c.run_ref > ?){scope.sql} ORDER BY c.seq, c.run_ref LIMIT ?",
            (seq, seq, ref, *scope.values, max_results + 1),
        ).fetchall()
        told = [
            RunChange(run_id, str(experiment), version, rewinds)
            for version, _, run_id, experiment, rewinds in rows[:max_results]
        ]
        following = now if _is_start(cursor) else horizon
        if len(rows) <= max_results:
            return Changes(_start_at(following), told)
        last_seq, last_ref = rows[max_results - 1][:2]
        return Changes(f"{following}.{last_seq}.{last_ref}", told, more=True)

    return work


def _start_at(horizon: int) -> str:
    return f"{horizon}.{horizon - 1}.{limits.INT64_MAX}"


def _is_start(cursor: Cursor) -> bool:
    return cursor[2] == limits.INT64_MAX


def _cursor(text: str) -> Cursor:
    parts = text.split(".")
    if len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        horizon, seq, ref = map(int, parts)
        if max(horizon, seq, ref) <= limits.INT64_MAX:
            return horizon, seq, ref
    raise InvalidValue("since", text, "it is no cursor that this call returned.")


def aggregate(
    experiment_ids: Sequence[str],
    group_by: Sequence[str],
    metrics: Sequence[str],
    filter_string: str | None,
    view_type: ViewType,
    max_results: int,
) -> Work[list[RunGroup]]:
    limits.check_max_results(max_results)
    keys = checks.group_keys(group_by)
    chosen = run_search.selection(experiment_ids, filter_string, view_type)

    def work(db: Database) -> list[RunGroup]:
        from headrace.stores.sql import run_groups  # needs numpy, which a script that only logs need not load

        return run_groups.grouped(db, chosen, keys, metrics, max_results) if chosen.experiments else []

    return work
