"""Keys of an experiment's runs, read off the indexes that begin with (experiment, key): a step for each key, however
many rows it has."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.entities import KeyKind, Page
from headrace.stores.run_keys import Asked
from headrace.stores.sql.connection import Database, Work

TABLES: dict[KeyKind, str] = {"metrics": "metric_series", "params": "param", "tags": "tag"}


def run_keys(
    experiment_ids: Sequence[str], kind: KeyKind, contains: str, max_results: int, page_token: str | None
) -> Work[Page[str]]:
    asked = Asked.of(experiment_ids, kind, contains, max_results, page_token)
    next_key = (
        f"(SELECT t.key_ref FROM {TABLES[asked.kind]} t WHERE t.experiment_id = ? AND t.key_ref > {{}} "
        "ORDER BY t.experiment_id, t.key_ref LIMIT 1)"
    )
    steps = (
        f"WITH RECURSIVE k(n) AS (SELECT {next_key.format(0)} UNION ALL "
        f"SELECT {next_key.format('k.n')} FROM k WHERE k.n IS NOT NULL) SELECT n FROM k WHERE n IS NOT NULL"
    )

    def work(db: Database) -> Page[str]:
        numbers = {row[0] for each in asked.experiments for row in db.execute(steps, (each, each))}
        texts = db.names.texts(db, numbers)
        return asked.page([texts[number] for number in numbers])

    return work
