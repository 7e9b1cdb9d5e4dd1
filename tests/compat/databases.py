"""A PostgreSQL database of this session's own, made and dropped through the project's environment.

The MLflow environment has no PostgreSQL driver, so the statements run in `.venv`'s Python.
"""

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from servers import ROOT

DEFAULT_URL = "postgresql://postgres@127.0.0.1:5432/test"
RUN_STATEMENT = (
    "import sys, psycopg; c = psycopg.connect(sys.argv[1], autocommit=True, connect_timeout=5); "
    "c.execute(sys.argv[2])"
)


def postgres_url() -> str:
    return os.environ.get("HEADRACE_TEST_POSTGRES_URL", DEFAULT_URL)


def execute(statement: str) -> None:
    python = str(ROOT / ".venv" / "bin" / "python")
    done = subprocess.run(
        [python, "-c", RUN_STATEMENT, postgres_url(), statement], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise ConnectionError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no output")


@contextmanager
def fresh_database() -> Iterator[str]:
    name = f"headrace_compat_{uuid.uuid4().hex[:12]}"
    execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(postgres_url())._replace(path=f"/{name}"))
    finally:
        execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
