"""`headrace` as a child process, on an embedded store in the test's own folder unless told otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.cli import main
from headrace.client.active_run import active_run, end_run
from headrace.client.experiments import forget_experiment
from headrace.client.open import close_stores
from headrace.client.uri import set_tracking_uri

HEADRACE = Path(sys.executable).with_name("headrace")
TIMEOUT_S = 60


@pytest.fixture(autouse=True)
def fresh_client() -> Iterator[None]:
    yield
    while active_run():
        end_run()
    forget_experiment()
    set_tracking_uri(None)
    close_stores()


class Ended:
    def __init__(self, process: subprocess.CompletedProcess[str]) -> None:
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr

    def json(self) -> Any:
        return json.loads(self.out)


Headrace = Callable[..., Ended]


@pytest.fixture
def headrace() -> Headrace:
    """Runs the command. status: the exit status to insist on."""

    def run(
        *arguments: str,
        status: int = 0,
        stdin: str = "",
        env: dict[str, str] | None = None,
        program: Path = HEADRACE,
    ) -> Ended:
        process = subprocess.run(
            [program, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env={**os.environ, "TZ": "UTC", **(env or {})},
        )
        assert process.returncode == status, f"{arguments}: {process.returncode}\n{process.stdout}\n{process.stderr}"
        return Ended(process)

    return run


@pytest.fixture
def in_process() -> Headrace:
    """The same without a process, for the many ways to be wrong: a start costs a third of a second."""

    def run(*arguments: str, status: int = 0, stdin: str = "") -> Ended:
        found = CliRunner().invoke(main, arguments, input=stdin)
        assert found.exit_code == status, f"{arguments}: {found.exit_code}\n{found.output}\n{found.exc_info}"
        return Ended(subprocess.CompletedProcess(arguments, found.exit_code, found.stdout, found.stderr))

    return run
