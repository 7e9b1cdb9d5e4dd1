"""What the fake programs share: each call is written down, and what they keep lies in FAKE_STATE."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

STATE = Path(os.environ["FAKE_STATE"])


def record(name: str, args: Sequence[str]) -> str:
    """Writes the call down; its standard input, where it isn't empty."""
    said = "" if sys.stdin.isatty() else sys.stdin.read()
    variables = {key: value for key, value in os.environ.items() if key.startswith(("MLFLOW_", "HEADRACE_", "TEST_"))}
    with (STATE / "calls.jsonl").open("a") as file:
        file.write(json.dumps({"program": name, "args": list(args), "stdin": said, "env": variables}) + "\n")
    return said


def fail(words: str, status: int = 1) -> NoReturn:
    print(words, file=sys.stderr)
    sys.exit(status)


def broken(name: str) -> str | None:
    """The words that a test wants this program to fail with, if any."""
    place = STATE / f"broken-{name}"
    return place.read_text() if place.exists() else None


def start(words: Sequence[str], name: str, env: dict[str, str], folder: str | None = None) -> None:
    """Runs it in the background, in a session of its own; its end is written into NAME.end."""
    supervisor = (
        "import subprocess, sys\n"
        "from pathlib import Path\n"
        "place, words = Path(sys.argv[1]), sys.argv[2:]\n"
        "ended = subprocess.run(words)\n"
        "place.with_suffix('.part').write_text(str(ended.returncode))\n"
        "place.with_suffix('.part').rename(place)\n"
    )
    with (STATE / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-S", "-c", supervisor, str(STATE / f"{name}.end"), *words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
    (STATE / f"{name}.pid").write_text(str(child.pid))


def end_of(name: str) -> int | None:
    place = STATE / f"{name}.end"
    return int(place.read_text()) if place.exists() else None


def kill(name: str) -> None:
    place = STATE / f"{name}.pid"
    if place.exists() and end_of(name) is None:
        try:
            os.killpg(int(place.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            return
