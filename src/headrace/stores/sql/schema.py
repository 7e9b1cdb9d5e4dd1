"""Is the database ours and of this version? Made if it is empty, brought forward if it is older, refused otherwise.

The usual case, a database of this version, costs one SELECT and imports neither SQLAlchemy nor Alembic. Whatever is
written is written under a lock, after looking again: servers that start together wait for the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from headrace import clock
from headrace.errors import InvalidState
from headrace.stores import locations
from headrace.stores.sql.connection import Dialect
from headrace.stores.sql.migrations.revisions import FOLDER, HEAD, REVISIONS, VERSION_TABLE, statements

if TYPE_CHECKING:
    import sqlalchemy as sa

MLFLOW_TABLES = frozenset({"alembic_version", "experiments", "runs"})


class Statements(Protocol):
    """A driver's connection, as far as this module needs it."""

    def execute(self, query: str, /) -> Any: ...


def version(connection: Statements, tables: Iterable[str]) -> str | None:
    """None for a database without a schema of ours."""
    if VERSION_TABLE not in tables:
        return None
    row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
    return None if row is None else str(row[0])


def check_known(found: str, place: str) -> None:
    if found not in REVISIONS:
        raise InvalidState(
            "database",
            place,
            message=f"The database {place} has schema {found}, made by a newer Headrace; this one knows schemas up to "
            f"{HEAD}. Upgrade this installation (pip install -U headrace) or give it another database.",
        )


def check_free(tables: set[str], place: str) -> None:
    """Nothing of others may be in the way of a new schema."""
    if tables >= MLFLOW_TABLES:
        raise InvalidState(
            "database",
            place,
            message=f"The database {place} holds MLflow's tables, which Headrace never touches. Give Headrace a "
            "database of its own; `headrace import-mlflow` (coming) copies the runs of this one into it.",
        )
    taken = sorted(tables & _our_tables())
    if taken:
        raise InvalidState(
            "database",
            place,
            message=f"The database {place} already has tables {', '.join(taken)} that Headrace didn't make. "
            "Give Headrace a database of its own.",
        )


def _our_tables() -> set[str]:
    created = [text for text in statements("sqlite") if text.startswith("CREATE TABLE")]
    return {text.split()[2] for text in created}


def create(connection: Statements, dialect: Dialect, artifact_root: str) -> None:
    """The newest schema and experiment 0, inside the caller's transaction."""
    for statement in statements(dialect):
        connection.execute(statement)
    connection.execute(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{HEAD}')")
    now = clock.now_ms()
    location = locations.of_experiment(artifact_root, "0").replace("'", "''")
    connection.execute(
        "INSERT INTO experiment (id, name, artifact_location, creation_time, last_update_time) "
        f"VALUES (0, 'Default', '{location}', {now}, {now})"
    )


def upgraded(connect: Callable[[], Any], dialect: Dialect, *more_versions: str) -> None:
    """Runs Alembic's revisions up to HEAD. connect: a fresh connection of the driver; the caller holds the lock.
    more_versions: folders with further revisions."""
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    driver = "sqlite+pysqlite" if dialect == "sqlite" else "postgresql+psycopg"
    engine = sa.create_engine(f"{driver}://", creator=connect, poolclass=sa.pool.NullPool)
    if dialect == "sqlite":
        sa.event.listen(engine, "begin", _begin_for_writing)
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join([str(FOLDER / "versions"), *more_versions]))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _begin_for_writing(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
