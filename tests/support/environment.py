"""Tests start without the caller's MLFLOW_* and HEADRACE_* variables, in an empty folder of their own, and what they
save is trusted in this test run only."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
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
    os.environ.pop("COLUMNS", None)  # the width of a terminal that programs under test don't have
    # One of several test processes ignores Ctrl-C, and all of them a hangup below nohup; they would hand that down to
    # the programs that tests interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.environ["HEADRACE_HOME"] = tempfile.mkdtemp(prefix="headrace-tests-")


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ.pop("HEADRACE_HOME"), ignore_errors=True)


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
