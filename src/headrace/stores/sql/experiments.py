from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace import clock
from headrace.entities import Experiment, ExperimentTag
from headrace.errors import AlreadyExists, IntegrityViolation, NotFound, shown
from headrace.stores import checks, locations
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.lifecycle import stage

COLUMNS = "id, name, artifact_location, deleted_ms, creation_time, last_update_time"
SET_TAG = (
    "INSERT INTO experiment_tag (experiment_id, key, value) VALUES (?, ?, ?) "
    "ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value"
)


def create(root: str, name: str, artifact_location: str | None, tags: Sequence[ExperimentTag]) -> Work[str]:
    name, kept = checks.experiment_name(name), checks.experiment_tags(tags)
    location = locations.checked(artifact_location) if artifact_location else None

    def work(db: Database) -> str:
        number = insert(db, root, name, location)
        if number is None:
            raise AlreadyExists("experiment", name, hint="Deleted experiments keep their names; restore or rename it.")
        db.executemany(SET_TAG, [(number, key, value) for key, value in kept.items()])
        return str(number)

    return work


def insert(db: Database, root: str, name: str, location: str | None) -> int | None:
    """The new id; None where the name is taken."""
    # Asked first: a refused INSERT would still use up an id.
    if db.execute("SELECT 1 FROM experiment WHERE name = ?", (name,)).fetchone() is not None:
        return None
    now = clock.now_ms()
    row = db.execute(
        "INSERT INTO experiment (name, artifact_location, creation_time, last_update_time) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name) DO NOTHING RETURNING id",
        (name, location or "", now, now),
    ).fetchone()
    if row is None:
        return None
    number = int(row[0])
    if location is None:
        own = locations.of_experiment(root, str(number))
        db.execute("UPDATE experiment SET artifact_location = ? WHERE id = ?", (own, number))
    return number


def ensure(root: str, name: str) -> Work[Experiment]:
    checks.experiment_name(name)

    def work(db: Database) -> Experiment:
        insert(db, root, name, None)
        found = by_name(db, name)
        assert found is not None, "inserted or there before"
        checks.active_experiment(found.experiment_id, found.lifecycle_stage)
        return found

    return work


def by_id(db: Database, experiment_id: str) -> Experiment:
    number = checks.experiment_number(experiment_id)
    row = db.execute(f"SELECT {COLUMNS} FROM experiment WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise NotFound("experiment", experiment_id)
    return records(db, [row])[0]


def by_name(db: Database, name: str) -> Experiment | None:
    row = db.execute(f"SELECT {COLUMNS} FROM experiment WHERE name = ?", (name,)).fetchone()
    return None if row is None else records(db, [row])[0]


def records(db: Database, rows: Sequence[Any]) -> list[Experiment]:
    """rows of COLUMNS, with their tags."""
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    found = db.execute(
        f"SELECT experiment_id, key, value FROM experiment_tag WHERE experiment_id {db.any_of}", (db.among(list(tags)),)
    )
    for number, key, value in found:
        tags[number][key] = value
    return [
        Experiment(
            experiment_id=str(number),
            name=name,
            artifact_location=location,
            lifecycle_stage=stage(deleted_ms),
            tags=tags[number],
            creation_time=created,
            last_update_time=updated,
        )
        for number, name, location, deleted_ms, created, updated in rows
    ]


def for_write(db: Database, experiment_id: str, lock: str) -> tuple[int, str]:
    """(id, artifact location) of an active experiment. lock: `db.for_share` or `db.for_update`."""
    number = checks.experiment_number(experiment_id)
    row = db.execute(f"SELECT artifact_location, deleted_ms FROM experiment WHERE id = ?{lock}", (number,)).fetchone()
    if row is None:
        raise NotFound("experiment", experiment_id)
    checks.active_experiment(str(number), stage(row[1]))
    return number, row[0]


def rename(experiment_id: str, new_name: str) -> Work[None]:
    checks.experiment_name(new_name)

    def work(db: Database) -> None:
        number, _ = for_write(db, experiment_id, db.for_update)
        holder = db.execute("SELECT id FROM experiment WHERE name = ?", (new_name,)).fetchone()
        if holder is not None and holder[0] != number:
            raise IntegrityViolation(
                f"Experiment '{number}' can't be named {shown(new_name)}: experiment '{holder[0]}' has that name."
            )
        db.execute(
            "UPDATE experiment SET name = ?, last_update_time = ? WHERE id = ?", (new_name, clock.now_ms(), number)
        )

    return work


def move(experiment_id: str, *, delete: bool) -> Work[None]:
    """Deletes or restores it with all of its runs."""
    before, after = ("active", "deleted") if delete else ("deleted", "active")
    number = checks.experiment_number(experiment_id)

    def work(db: Database) -> None:
        row = db.execute(f"SELECT deleted_ms FROM experiment WHERE id = ?{db.for_update}", (number,)).fetchone()
        if row is None:
            raise NotFound("experiment", experiment_id)
        if stage(row[0]) != before:
            raise NotFound(f"{before} experiment", experiment_id, hint=f"It is {after}.")
        now = clock.now_ms()
        deleted_ms = now if delete else None
        db.execute("UPDATE experiment SET deleted_ms = ?, last_update_time = ? WHERE id = ?", (deleted_ms, now, number))
        db.active_runs.clear()
        db.touch_all(number)  # before the runs: the order in which other writers lock
        db.execute("UPDATE run SET deleted_ms = ? WHERE experiment_id = ?", (deleted_ms, number))

    return work


def set_tag(experiment_id: str, key: str, value: str) -> Work[None]:
    checks.experiment_tag(key, value)

    def work(db: Database) -> None:
        number, _ = for_write(db, experiment_id, db.for_share)
        db.execute(SET_TAG, (number, key, value))

    return work


def delete_tag(experiment_id: str, key: str) -> Work[None]:
    def work(db: Database) -> None:
        number, _ = for_write(db, experiment_id, db.for_share)
        gone = db.execute("DELETE FROM experiment_tag WHERE experiment_id = ? AND key = ?", (number, key))
        if gone.rowcount == 0:
            raise NotFound(f"tag of experiment {experiment_id!r}", key, by="key")

    return work
