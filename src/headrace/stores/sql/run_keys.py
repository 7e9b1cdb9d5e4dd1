"""Keys of the runs of experiments, off the indexes that begin with (experiment, key), without a table to be kept up.

Usually an experiment has few keys, however many runs: then a step along the index for each finds them all. One that
has many is found out by the number of steps; then all names of the store are gone through in their order, each with a
probe of the index, until the page is full. Seen with 10,000 keys, for a page of 1,000: 2 ms by names and 14 by steps
on SQLite, 7 and 38 on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import KeyKind, Page
from headrace.stores.run_keys import Asked
from headrace.stores.sql.conditions import Part
from headrace.stores.sql.connection import Database, Work

TABLES: dict[KeyKind, str] = {"metrics": "metric_series", "params": "param", "tags": "tag"}
STEPS = 1000
NAMES_A_STEP = 8  # so many names are gone through in the time of a few steps

NEXT = (
    "(SELECT t.key_ref FROM {table} t WHERE t.experiment_id = ? AND t.key_ref > {last} "
    "ORDER BY t.experiment_id, t.key_ref LIMIT 1)"
)


def run_keys(
    experiment_ids: Sequence[str], kind: KeyKind, contains: str, max_results: int, page_token: str | None
) -> Work[Page[str]]:
    asked = Asked.of(experiment_ids, kind, contains, max_results, page_token)

    def work(db: Database) -> Page[str]:
        found = _by_steps(db, asked)
        if found is None:
            return asked.cut(_by_names(db, asked))
        return asked.page(found)

    return work


def _by_steps(db: Database, asked: Asked) -> list[str] | None:
    """All keys, in no order. None: there are too many."""
    table = TABLES[asked.kind]
    first, following = NEXT.format(table=table, last=0), NEXT.format(table=table, last="k.n")
    steps = (
        f"WITH RECURSIVE k(n) AS (SELECT {first} UNION ALL SELECT {following} FROM k WHERE k.n IS NOT NULL) "
        "SELECT n FROM k WHERE n IS NOT NULL LIMIT ?"
    )
    left = max(STEPS, _names(db) // NAMES_A_STEP)
    numbers: set[int] = set()
    for experiment in asked.experiments:
        rows = db.execute(steps, (experiment, experiment, left + 1)).fetchall()
        left -= len(rows)
        if left < 0:
            return None
        numbers.update(row[0] for row in rows)
    texts = db.names.texts(db, numbers)
    return [texts[number] for number in numbers]


def _names(db: Database) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM name").fetchone()[0])


def _by_names(db: Database, asked: Asked) -> list[str]:
    """Those of a page and one more, in order."""
    folded, find = ("lower(n.text)", "instr") if db.dialect == "sqlite" else ('lower(n.text COLLATE "C")', "strpos")
    part = Part(f" AND {find}({folded}, ?) > 0", (asked.part,)) if asked.part else Part("")
    rows = db.execute(
        f"SELECT n.text FROM name n WHERE n.text > ?{part.sql} AND EXISTS (SELECT 1 FROM {TABLES[asked.kind]} t "
        f"WHERE t.experiment_id {db.any_of} AND t.key_ref = n.id LIMIT 1 OFFSET 0) ORDER BY n.text LIMIT ?",
        (asked.after or "", *part.values, db.among(asked.experiments), asked.max_results + 1),
    )
    return [row[0] for row in rows]
