"""Processes that write to a store while the test looks on: each says `ready`, waits for a line, works, tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

WAIT_S = 120
BEGINNING = """
import sys
from headrace.entities import *
from headrace.stores.sql import open_sql_store
uri, number = sys.argv[1], int(sys.argv[2])

def ready():
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def children(script: str, uri: str, count: int) -> Iterator[Sequence[subprocess.Popen[str]]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", BEGINNING + script, uri, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
        )
        for number in range(count)
    ]
    try:
        yield started
    finally:
        for child in started:
            if child.poll() is None:
                child.kill()
            child.communicate()


def go(started: Sequence[subprocess.Popen[str]]) -> None:
    """Lets all of them begin as soon as the last one is ready."""
    for child in started:
        assert child.stdout
        line = child.stdout.readline()
        assert line == "ready\n", line + (child.communicate()[1] if not line else "")
    for child in started:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()


def finished(started: Sequence[subprocess.Popen[str]]) -> list[list[str]]:
    """The words that each printed after it was ready."""
    words = []
    for child in started:
        output, errors = child.communicate(timeout=WAIT_S)
        assert child.returncode == 0, errors
        words.append(output.split())
    return words
