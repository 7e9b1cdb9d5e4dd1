from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

# Before anything imports them: the shipped suites' asserts explain themselves like a test's own.
pytest.register_assert_rewrite("headrace.testing")

pytest_plugins = ["tests.support.environment", "tests.support.phi3", "tests.support.postgres"]

# No deadline: a shared two-core machine has pauses that say nothing about the code.
# The database has a fixed place, since each test has a working directory of its own.
EXAMPLES = DirectoryBasedExampleDatabase(Path(__file__).resolve().parents[1] / ".hypothesis" / "examples")
settings.register_profile("headrace", deadline=None, print_blob=True, database=EXAMPLES)
settings.load_profile("headrace")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """What a test logged travels as UTF-8 to the process that shared tests out: halves of surrogates are escaped."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
