"""Tests start without the caller's MLFLOW_* and HEADRACE_* variables, and in an empty folder of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PREFIXES = ("MLFLOW_", "HEADRACE_", "_MLFLOW_")
KEPT_PREFIXES = ("HEADRACE_TEST_", "HEADRACE_REQUIRE_")


def product_variables() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PREFIXES) and not name.startswith(KEPT_PREFIXES)
    }


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    # Here and not in a fixture: servers of session scope start before the first test's fixtures.
    for name in product_variables():
        del os.environ[name]


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path) -> Iterator[None]:
    before_folder = Path.cwd()
    before = product_variables()
    os.chdir(tmp_path)
    yield
    os.chdir(before_folder)
    for name in product_variables():
        del os.environ[name]
    os.environ.update(before)
