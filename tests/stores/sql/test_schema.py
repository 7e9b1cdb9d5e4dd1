from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from headrace.errors import Corrupt, InvalidState, StoreUnavailable
from headrace.stores.sql import SqlStore, open_sql_store, schema, upgrade
from headrace.stores.sql.migrations import generate
from headrace.stores.sql.migrations.revisions import HEAD, REVISIONS, VERSION_TABLE, statements
from headrace.stores.sql.tables import metadata

# Written as DDL of each dialect, since the dialects differ in what they index.
BY_VALUE = {"param_by_value", "tag_by_value"}

NEXT_REVISION = f"""
revision = "9999"
down_revision = "{HEAD}"

from alembic import op

def upgrade():
    op.execute("ALTER TABLE run ADD COLUMN mood TEXT")
    op.execute("UPDATE run SET mood = 'glad'")
"""


def rows(uri: str, sql: str) -> list[Any]:
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
            found = connection.execute(sql)
            result = found.fetchall() if found.description else []
            connection.commit()
            return result
    with psycopg.connect(uri, autocommit=True) as connection:
        answer = connection.execute(sql)
        return answer.fetchall() if answer.description else []


def test_generated_ddl_is_up_to_date() -> None:
    assert generate.main(["--check"]) == 0


def differences(uri: str) -> list[Any]:
    """Between the database and what `tables` describes."""
    driver = uri if uri.startswith("sqlite") else uri.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(driver)
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that expressions in indexes aren't reflected
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = [
            each
            for each in compare_metadata(context, metadata)
            if not (each[0] == "remove_index" and each[1].name in BY_VALUE)
        ]
    engine.dispose()
    return found


def test_fresh_database_has_the_tables_that_are_described(uri: str, store: SqlStore) -> None:
    assert differences(uri) == []
    assert rows(uri, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_database_of_an_older_revision_becomes_what_is_described(
    uri: str, revision: str, opened: Callable[[str], SqlStore]
) -> None:
    for statement in statements("sqlite" if uri.startswith("sqlite") else "postgresql", revision):
        rows(uri, statement)
    rows(uri, f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    rows(uri, f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ('{revision}')")
    rows(uri, "INSERT INTO experiment VALUES (0, 'Default', '/artifacts/0', NULL, 1, 1)")
    assert opened(uri).get_experiment("0").artifact_location == "/artifacts/0"
    assert differences(uri) == []
    assert rows(uri, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]


def test_revisions_of_alembic_make_the_same_tables(tmp_path: Path, sqlite_store: SqlStore) -> None:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(tmp_path / "other.db", isolation_level=None)

    schema.upgraded(connect, "sqlite")
    listed = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE ? AND sql IS NOT NULL ORDER BY 1, 2"
    with closing(connect()) as made, closing(sqlite3.connect(tmp_path / "store.db")) as fresh:
        pattern = (f"%{VERSION_TABLE}%",)
        told, expected = (
            [(*names, " ".join(sql.split())) for *names, sql in each.execute(listed, pattern)] for each in (made, fresh)
        )
        assert told == expected
        assert made.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [(HEAD,)]


def test_opening_again_changes_nothing(uri: str, opened: Callable[[str], SqlStore]) -> None:
    first = opened(uri)
    experiment = first.create_experiment("kept")
    first.close()
    assert opened(uri).get_experiment(experiment).name == "kept"
    assert upgrade(uri, "/elsewhere") == HEAD


def test_newer_schema_is_refused_with_the_way_out(uri: str, opened: Callable[[str], SqlStore]) -> None:
    opened(uri).close()
    rows(uri, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(InvalidState, match=r"schema 9999, made by a newer Headrace.*pip install -U headrace"):
        opened(uri)
    assert rows(uri, f"SELECT version_num FROM {VERSION_TABLE}") == [("9999",)]


def test_database_of_mlflow_is_refused_and_not_touched(uri: str, opened: Callable[[str], SqlStore]) -> None:
    for table in ("experiments", "runs", "metrics", "alembic_version"):
        rows(uri, f"CREATE TABLE {table} (id INTEGER)")
    rows(uri, "INSERT INTO experiments (id) VALUES (7)")
    path = Path(uri.removeprefix("sqlite:///"))
    before = hashlib.sha256(path.read_bytes()).hexdigest() if uri.startswith("sqlite") else ""
    with pytest.raises(InvalidState, match=r"MLflow's tables, which Headrace never touches.*headrace import-mlflow"):
        opened(uri)
    assert rows(uri, "SELECT id FROM experiments") == [(7,)]
    if uri.startswith("sqlite"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    else:
        listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        assert rows(uri, listed) == [("alembic_version",), ("experiments",), ("metrics",), ("runs",)]


def test_database_with_tables_of_our_names_is_refused(uri: str, opened: Callable[[str], SqlStore]) -> None:
    rows(uri, "CREATE TABLE run (id INTEGER)")
    with pytest.raises(InvalidState, match="already has tables run that Headrace didn't make"):
        opened(uri)


def test_database_with_other_tables_is_shared(uri: str, opened: Callable[[str], SqlStore]) -> None:
    rows(uri, "CREATE TABLE invoices (id INTEGER)")
    assert opened(uri).get_experiment("0").name == "Default"
    assert rows(uri, "SELECT * FROM invoices") == []


def test_older_schema_is_brought_forward_with_its_data(
    uri: str, tmp_path: Path, opened: Callable[[str], SqlStore]
) -> None:
    store = opened(uri)
    run_id = store.create_run("0").info.run_id
    store.close()
    (tmp_path / "r9999_mood.py").write_text(NEXT_REVISION)
    if uri.startswith("sqlite"):
        from headrace.stores.sql import sqlite_schema

        sqlite_schema.prepare(uri.removeprefix("sqlite:///"), "/artifacts", str(tmp_path))
        # The second server finds the work done.
    else:
        from headrace.stores.sql import postgres_schema

        postgres_schema.prepare(uri, "/artifacts", str(tmp_path))
    assert rows(uri, "SELECT run_id, mood FROM run") == [(run_id, "glad")]
    assert rows(uri, f"SELECT version_num FROM {VERSION_TABLE}") == [("9999",)]


def test_failed_migration_leaves_the_old_schema(uri: str, tmp_path: Path, opened: Callable[[str], SqlStore]) -> None:
    opened(uri).close()
    broken = NEXT_REVISION.replace("SET mood = 'glad'", "SET temper = 'glad'")
    (tmp_path / "r9999_mood.py").write_text(broken)
    with pytest.raises(sa.exc.DBAPIError):
        if uri.startswith("sqlite"):
            from headrace.stores.sql import sqlite_schema

            sqlite_schema.prepare(uri.removeprefix("sqlite:///"), "/artifacts", str(tmp_path))
        else:
            from headrace.stores.sql import postgres_schema

            postgres_schema.prepare(uri, "/artifacts", str(tmp_path))
    assert rows(uri, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]
    assert opened(uri).get_experiment("0").name == "Default"


def test_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(Corrupt, match="not a database"):
        open_sql_store(f"sqlite:///{path}", str(tmp_path))
    assert path.read_text() == "Dear diary, " * 1000


def test_folders_of_a_new_sqlite_database_are_made(tmp_path: Path, opened: Callable[[str], SqlStore]) -> None:
    opened(f"sqlite:///{tmp_path}/a/b/c.db")
    assert (tmp_path / "a" / "b" / "c.db").exists()


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="can't be made"):
        open_sql_store(f"sqlite:///{tmp_path}/file/store.db", str(tmp_path))


def test_postgres_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="PostgreSQL can't answer"):
        open_sql_store("postgresql://postgres@127.0.0.1:1/nowhere", "/tmp")
