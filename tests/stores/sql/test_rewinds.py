"""Rewinds on a database that others write at the same moment, and what becomes of rows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from headrace import clock
from headrace.entities import Metric
from headrace.entities.journal import JournalRecord, PointsLogged, RunRewound
from headrace.stores.sql import SqlStore
from headrace.testing.stores.making import unique
from tests.stores.sql.blocks.structure import check

STEPS, REWOUND_TO, WRITERS = 1500, 400, 3


def test_no_point_escapes_a_rewind_that_comes_while_others_write(uri: str, opened: Callable[[str], SqlStore]) -> None:
    """The writers have joined before; so nothing of theirs beyond the step is seen, however requests interleave."""
    stores = [opened(uri), opened(uri)]
    run_id = stores[0].create_run("0").info.run_id
    writers = [clock.dated_hex_id() for _ in range(WRITERS)]
    halfway = threading.Barrier(WRITERS + 1)
    errors: list[BaseException] = []

    def write(rank: int) -> None:
        store, done = stores[rank % 2], 0
        try:
            while done < STEPS:
                size = 1 if done % 7 else 90
                records: list[JournalRecord] = [
                    PointsLogged(run_id, (f"rank{rank}",), (float(step),), step, step + 1)
                    for step in range(done, min(done + size, STEPS))
                ]
                assert store.append_journal(writers[rank], done + 1, records).refused == []
                done += len(records)
                if done - len(records) <= STEPS // 2 < done:
                    halfway.wait(60)
        except BaseException as error:
            errors.append(error)
            halfway.abort()
            raise

    threads = [threading.Thread(target=write, args=(rank,)) for rank in range(WRITERS)]
    for thread in threads:
        thread.start()
    halfway.wait(60)
    rewound_ms = clock.now_ms() + 1000
    for step in (REWOUND_TO + 300, REWOUND_TO):
        rewound_ms += 1
        answer = stores[1].append_journal(clock.dated_hex_id(), 1, [RunRewound(run_id, step, rewound_ms)])
        assert answer.refused == []
    for thread in threads:
        thread.join()
    assert errors == []
    for rank in range(WRITERS):
        key = f"rank{rank}"
        seen = stores[0].get_metric_history(run_id, key)
        assert [point.step for point in seen] == list(range(REWOUND_TO + 1))
        hidden = stores[0].hidden_points(run_id, key)
        assert sorted(point.step for point in hidden) == list(range(REWOUND_TO + 1, STEPS))
    latest = stores[1].get_run(run_id).data.latest
    assert {point.step for point in latest} == {REWOUND_TO}
    assert sum(sum(each.points.values()) for each in stores[0].list_rewinds(run_id)) == WRITERS * (
        STEPS - REWOUND_TO - 1
    )
    stores[0].engine.read(check)


def test_rewind_to_the_beginning_leaves_no_row_behind(store: SqlStore) -> None:
    run_id = store.create_run("0").info.run_id
    for first in range(0, 6000, 1000):
        store.log_batch(run_id, [Metric("loss", float(step), step, step) for step in range(first, first + 1000)])
    store.append_journal(unique(), 1, [RunRewound(run_id, -1, clock.now_ms())])
    assert store.get_run(run_id).data.latest == []
    for table in ("metric_series", "metric_loose", "metric_block", "metric_page", "metric_batch"):
        assert rows(store, table) == 0
    assert store.list_rewinds(run_id)[0].points == {"loss": 6000}


def rows(store: SqlStore, table: str) -> int:
    return store.engine.read(lambda db: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]))
