"""`headrace server` as a child process, on a port that the system chooses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STOP_S = 30


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    url: str
    pid: int
    folder: Path  # its working folder

    @property
    def proxy(self) -> str:
        return f"{self.url}/api/2.0/mlflow-artifacts/artifacts"

    @property
    def api(self) -> str:
        return f"{self.url}/api/2.0/mlflow"

    @property
    def ajax(self) -> str:
        return f"{self.url}/ajax-api/2.0/mlflow"


@contextmanager
def live_server(folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", "from headrace.cli import main; main()", "server", "--port", "0", *options]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "listening on" in line, (folder / "server.log").read_text()
            yield LiveServer(url=line.rpartition(" ")[2].strip(), pid=process.pid, folder=folder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            finally:
                assert process.stdout is not None
                process.stdout.close()
