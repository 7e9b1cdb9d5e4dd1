"""Databases of one test (`fresh_postgres_url`) or one session (`postgres_url`) on a PostgreSQL that is already running.

HEADRACE_TEST_POSTGRES_URL says where (its role must be allowed to create databases). Where none answers, tests that
need one are skipped; with HEADRACE_REQUIRE_POSTGRES=1, as in .ci/run, they fail.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest

DEFAULT_URL = "postgresql://postgres@127.0.0.1:5432/test"
CONNECT_TIMEOUT_S = 5
FIXTURES = {"postgres_server_url", "postgres_url", "fresh_postgres_url"}


class PostgresMissing(pytest.skip.Exception):
    pass


def server_url() -> str:
    return os.environ.get("HEADRACE_TEST_POSTGRES_URL") or DEFAULT_URL


def with_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


@contextmanager
def own_database(url: str) -> Iterator[str]:
    import psycopg  # not installed where only tests without PostgreSQL run

    name = f"headrace_test_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield with_database(url, name)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def unanswered(url: str) -> str | None:
    """Why no PostgreSQL can be used at url, in one line without the password; None if one answers."""
    try:
        import psycopg
    except ImportError as error:
        return str(error)
    try:
        psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S).close()
    except psycopg.Error as error:
        return f"no PostgreSQL at {url.rpartition('@')[2]} (HEADRACE_TEST_POSTGRES_URL): {str(error).splitlines()[0]}"
    return None


@pytest.fixture(scope="session")
def postgres_server_url() -> str:
    url = server_url()
    reason = unanswered(url)
    if reason and os.environ.get("HEADRACE_REQUIRE_POSTGRES") == "1":
        pytest.fail(reason, pytrace=False)
    if reason:
        raise PostgresMissing(reason)
    return url


@pytest.fixture(scope="session")
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    with own_database(postgres_server_url) as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_server_url: str) -> Iterator[str]:
    with own_database(postgres_server_url) as url:
        yield url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and call.excinfo.errisinstance(PostgresMissing):
        # One location for all, so that the summary folds them into one line.
        report.longrepr = (__file__, 1, str(call.excinfo.value))
    return report
