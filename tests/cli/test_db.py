from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.stores.sql.migrations.revisions import HEAD
from tests.cli.conftest import Headrace


def test_a_database_is_made_and_its_schema_told(headrace: Headrace) -> None:
    assert "There is no database at" in headrace("db", "status", "sqlite:///runs.db", status=1).err
    assert not Path("runs.db").exists()
    assert f"has schema {HEAD}" in headrace("db", "upgrade", "sqlite:///runs.db").out
    assert "was up to date" in headrace("db", "upgrade", "sqlite:///runs.db").out
    found = headrace("db", "status", "sqlite:///runs.db", "--json").json()
    assert (found["schema"], found["newest"], found["state"], found["journal_mode"]) == (HEAD, HEAD, "current", "wal")


def test_an_embedded_store_is_a_database_too(headrace: Headrace) -> None:
    mlflow.search_experiments()
    assert "up to date" in headrace("db", "status", ".headrace").out


@pytest.mark.parametrize(
    ("tables", "state", "said"),
    [
        (["experiments", "runs", "alembic_version"], "mlflow", "MLflow's tables"),
        (["something"], "foreign", "something else"),
        ([], "empty", "no tables"),
    ],
)
def test_databases_of_others_are_told_apart_and_left_alone(
    headrace: Headrace, tables: list[str], state: str, said: str
) -> None:
    with closing(sqlite3.connect("other.db")) as connection:
        for name in tables:
            connection.execute(f"CREATE TABLE {name} (id INTEGER)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    before = Path("other.db").read_bytes()
    assert headrace("db", "status", "sqlite:///other.db", "--json").json()["state"] == state
    assert said in headrace("db", "status", "sqlite:///other.db").out
    assert Path("other.db").read_bytes() == before
    if state == "mlflow":
        refused = headrace("db", "upgrade", "sqlite:///other.db", status=1).err
        assert "database of its own" in refused
        assert Path("other.db").read_bytes() == before


def test_a_newer_schema_is_refused_with_the_way_out(headrace: Headrace) -> None:
    headrace("db", "upgrade", "sqlite:///runs.db")
    with closing(sqlite3.connect("runs.db")) as connection:
        connection.execute("UPDATE headrace_version SET version_num = '9999'")
        connection.commit()
    assert headrace("db", "status", "sqlite:///runs.db", "--json").json()["state"] == "newer"
    assert "pip install -U headrace" in headrace("db", "upgrade", "sqlite:///runs.db", status=1).err
    looked = headrace("doctor", "--tracking-uri", "sqlite:///runs.db", status=1).out
    assert "pip install -U headrace" in looked


def test_what_is_no_database_is_refused(headrace: Headrace) -> None:
    Path("text.db").write_text("not a database " * 100)
    assert "not a database" in headrace("db", "status", "sqlite:///text.db", status=1).err
    assert "a database is needed" in headrace("db", "status", "http://user:pw@host", status=1).err
    ended = headrace("db", "status", "postgresql://user:secret@127.0.0.1:1/none", status=1).err
    assert "can't be read" in ended
    assert "secret" not in ended


def test_postgresql(headrace: Headrace, fresh_postgres_url: str) -> None:
    assert headrace("db", "status", fresh_postgres_url, "--json").json()["state"] == "empty"
    headrace("db", "upgrade", fresh_postgres_url)
    found = headrace("db", "status", fresh_postgres_url, "--json").json()
    assert (found["schema"], found["state"]) == (HEAD, "current")
    assert found["server"].startswith("PostgreSQL ")
    headrace("experiments", "create", "-n", "there", "--tracking-uri", fresh_postgres_url)
    looked = headrace("doctor", "--tracking-uri", fresh_postgres_url).out
    assert "✓  store" in looked
    assert "✓  schema" in looked
