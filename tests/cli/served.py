"""`headrace server` as a child process, on a port that the system chose."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import HEADRACE

READY = re.compile(r"(http://\S+:\d+)")
STOP_TIMEOUT_S = 20


@dataclass(frozen=True)
class Served:
    url: str


@contextmanager
def serving(*arguments: str, folder: Path | None = None) -> Iterator[Served]:
    process = subprocess.Popen(
        [HEADRACE, "server", "--port", "0", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if found := READY.search(line):
                yield Served(url=found[1])
                break
        else:
            raise AssertionError(f"the server ended: {said}")
    finally:
        process.terminate()
        process.communicate(timeout=STOP_TIMEOUT_S)
