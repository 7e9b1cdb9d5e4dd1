from __future__ import annotations

import pytest

from headrace.errors import InvalidValue
from headrace.stores.sql import open_sql_store
from headrace.stores.sql.address import PostgresAddress, SqliteAddress, parse


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("sqlite:///runs.db", "runs.db"),
        ("sqlite:///some/folder/runs.db", "some/folder/runs.db"),
        ("sqlite:////var/lib/runs.db", "/var/lib/runs.db"),
        ("sqlite:////var/with%20blank/runs.db", "/var/with blank/runs.db"),
        ("SQLITE:///runs.db", "runs.db"),
    ],
)
def test_sqlite_address_names_a_file(uri: str, path: str) -> None:
    assert parse(uri) == SqliteAddress(path)


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://ann:secret@db.example:5433/runs",
        "postgres://ann:secret@db.example:5433/runs",
        "postgresql+psycopg://ann:secret@db.example:5433/runs",
        "postgresql+psycopg2://ann:secret@db.example:5433/runs",
    ],
)
def test_postgres_address_goes_to_libpq(uri: str) -> None:
    assert parse(uri) == PostgresAddress("postgresql://ann:secret@db.example:5433/runs")


@pytest.mark.parametrize(
    "uri", ["sqlite://", "sqlite:///", "sqlite://host/a.db", "sqlite:///:memory:", "sqlite:///a.db?mode=ro"]
)
def test_sqlite_address_without_a_plain_file_is_refused(uri: str) -> None:
    with pytest.raises(InvalidValue, match=r"sqlite:///|takes no options"):
        parse(uri)


@pytest.mark.parametrize("uri", ["mysql://host/db", "mssql+pyodbc://host/db", "plain/path", "", "http://host"])
def test_other_address_is_refused_with_what_is_supported(uri: str) -> None:
    with pytest.raises(InvalidValue, match=r"sqlite:////absolute/path.db, postgresql://"):
        open_sql_store(uri, "/tmp")


def test_other_driver_is_refused() -> None:
    with pytest.raises(InvalidValue, match="psycopg 3"):
        parse("postgresql+asyncpg://host/db")


def test_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(InvalidValue) as caught:
        parse("mysql://ann:secret@host/db")
    assert "secret" not in str(caught.value)
