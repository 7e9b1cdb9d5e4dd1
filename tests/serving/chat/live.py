"""`headrace models serve` as a child process, on a port that the system chooses."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_S = 60


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """Its address. folder: where it runs and writes its log."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-c",
        "from headrace.cli import main; main()",
        "models",
        "serve",
        "--port",
        "0",
        *options,
    ]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert " on http" in line, (folder / "serve.log").read_text()
            yield line.rpartition(" ")[2].strip()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                assert process.stdout is not None
                process.stdout.close()
                process.wait()
