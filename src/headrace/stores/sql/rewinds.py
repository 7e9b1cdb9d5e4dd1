"""Rewinds of runs, and who logs from before them. What the rules are is said in `stores.amendments`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headrace.entities import Metric, Rewind
from headrace.entities.journal import RunRewound
from headrace.errors import NotFound
from headrace.stores import amendments
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.run_row import RunRow, for_write

ADD = "INSERT INTO run_rewind (run_ref, step, rewound_ms, who) VALUES (?, ?, ?, ?) RETURNING id"
COUNT = (
    "INSERT INTO run_change (run_ref, experiment_id, seq, rewinds) VALUES (?, ?, 0, 1) "
    "ON CONFLICT (run_ref) DO UPDATE SET rewinds = run_change.rewinds + 1"
)
JOINED = (
    "INSERT INTO run_writer (run_ref, writer_id, joined_ms) VALUES (?, ?, ?) "
    "ON CONFLICT (run_ref, writer_id) DO UPDATE SET joined_ms = excluded.joined_ms"
)
OF_RUN = "SELECT id, step, rewound_ms, who FROM run_rewind WHERE run_ref = ? ORDER BY rewound_ms, id"
MODEL_COLUMNS = "key_ref, model_ref, dataset_name, dataset_digest, timestamp, step, class, value"
# The whole table is walked through, about a second for a million rows: a run's points may be of any model.
OF_MODELS = "FROM model_metric WHERE run_ref = ? AND step >= ? AND step <= ?"
HIDE_OF_MODELS = (
    f"INSERT INTO model_metric_hidden (rewind_ref, {MODEL_COLUMNS}) SELECT ?, {MODEL_COLUMNS} {OF_MODELS} "
    "AND key_ref IN (SELECT key_ref FROM metric_hidden WHERE rewind_ref = ?)"
)
CUT_MODELS = f"DELETE {OF_MODELS} AND key_ref IN (SELECT key_ref FROM metric_hidden WHERE rewind_ref = ?)"
ADD_OF_MODEL = (
    f"INSERT INTO model_metric_hidden (rewind_ref, {MODEL_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)


class Cut(NamedTuple):
    ref: int
    step: int
    rewound_ms: int
    who: str


class Sorted(NamedTuple):
    """Points of one request: those that are seen, and those that are hidden by a rewind."""

    seen: list[Metric]
    hidden: dict[int, list[Metric]]


def joined(db: Database, run: RunRow, writer_id: str, joined_ms: int) -> None:
    """The writer has opened the run anew."""
    db.execute(JOINED, (run.ref, writer_id, joined_ms))


def rewind(writer_id: str, record: RunRewound) -> Work[None]:
    amendments.checked_rewind(record)

    def work(db: Database) -> None:
        from headrace.stores.sql.blocks.cut import Steps, cut

        run = for_write(db, record.run_id)
        last_step = amendments.last_step_cut(record, cuts(db, run.ref))
        ref = db.execute(ADD, (run.ref, record.step, record.rewound_ms, record.who)).fetchone()[0]
        db.execute(COUNT, (run.ref, run.experiment_id))
        db.active_runs[record.run_id] = run._replace(rewinds=run.rewinds + 1)
        joined(db, run, writer_id, record.rewound_ms)
        if last_step > record.step:
            steps = Steps(record.step + 1, last_step)
            cut(db, run.ref, steps, ref, lambda key: _is_cut(db, key))
            if db.execute(HIDE_OF_MODELS, (ref, run.ref, steps.first, steps.last, ref)).rowcount:
                db.execute(CUT_MODELS, (run.ref, steps.first, steps.last, ref))

    return work


def _is_cut(db: Database, key_ref: int) -> bool:
    return not db.names.texts(db, [key_ref])[key_ref].startswith(amendments.UNCUT_PREFIX)


def cuts(db: Database, run_ref: int) -> list[Cut]:
    return [Cut(*row) for row in db.execute(OF_RUN, (run_ref,)).fetchall()]


def cuts_before(db: Database, run: RunRow, writer_id: str) -> list[Cut]:
    """The rewinds that what the writer brings was logged before."""
    if not run.rewinds:
        return []
    row = db.execute(
        "SELECT joined_ms FROM run_writer WHERE run_ref = ? AND writer_id = ?", (run.ref, writer_id)
    ).fetchone()
    return amendments.cuts_after(
        cuts(db, run.ref), amendments.joined_ms(writer_id, None if row is None else int(row[0]))
    )


def sorted_out(points: Sequence[Metric], before: Sequence[Cut]) -> Sorted:
    found = Sorted([], {})
    for point in points:
        cut = amendments.cut_of(before, point.key, point.step)
        (found.seen if cut is None else found.hidden.setdefault(cut.ref, [])).append(point)
    return found


def hide(db: Database, rewind_ref: int, points: Sequence[Metric], models: dict[str, int]) -> None:
    """Points that come too late to be seen. models: numbers of those that they name."""
    import numpy as np

    from headrace.stores.sql.blocks import hidden
    from headrace.stores.sql.blocks.points import Points

    keys = db.names.ensure(db, {point.key for point in points})
    by_key: dict[str, list[Metric]] = {}
    for point in points:
        by_key.setdefault(point.key, []).append(point)
    for key, some in by_key.items():
        columns = Points(
            np.array([point.step for point in some], np.int64),
            np.array([point.timestamp for point in some], np.int64),
            np.array([point.value for point in some], np.float64),
        )
        hidden.add(db, rewind_ref, keys[key], columns)
    rows = [
        (
            rewind_ref,
            keys[point.key],
            models[point.model_id] if point.model_id else 0,
            point.dataset_name or "",
            point.dataset_digest or "",
            point.timestamp,
            point.step,
            *((1, 0.0) if math.isnan(point.value) else (0, point.value)),
        )
        for point in points
        if point.model_id or point.dataset_name
    ]
    db.executemany(ADD_OF_MODEL, rows)


def listed(run_id: str) -> Work[list[Rewind]]:
    def work(db: Database) -> list[Rewind]:
        found = cuts(db, ref_of(db, run_id))
        if not found:
            return []
        from headrace.stores.sql.blocks import hidden

        counts = hidden.counts(db, [each.ref for each in found])
        texts = db.names.texts(db, {key for _, key in counts})
        points: dict[int, dict[str, int]] = {}
        for (ref, key), n in counts.items():
            points.setdefault(ref, {})[texts[key]] = n
        return [
            Rewind(
                each.ref, run_id, each.step, each.rewound_ms, each.who, dict(sorted(points.get(each.ref, {}).items()))
            )
            for each in found
        ]

    return work


def rewinds_of(db: Database, run_id: str) -> Iterator[Rewind]:
    """Without their points."""
    for each in cuts(db, ref_of(db, run_id)):
        yield Rewind(each.ref, run_id, each.step, each.rewound_ms, each.who)


def ref_of(db: Database, run_id: str) -> int:
    row = db.execute("SELECT id FROM run WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound("run", run_id)
    return int(row[0])
