"""A genuine `mlflow server` as a child process, which can be killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ROOT / ".venv-mlflow" / "bin" / "mlflow"
READY_S = 120


class StockServer:
    """On a free port, over a SQLite file in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(MLFLOW), "server", "--backend-store-uri", f"sqlite:///{self._folder}/m.db"]
        command += ["--port", str(self.port), "--workers", "1"]
        lighter = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        paths = {**lighter, "PATH": f"{MLFLOW.parent}:{os.environ['PATH']}"}
        without = {key: value for key, value in os.environ.items() if not key.startswith(("HEADRACE_", "MLFLOW_"))}
        log_path = self._folder / "log"
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, stdout=log, stderr=log, env=without | paths, start_new_session=True
            )
        deadline = time.monotonic() + READY_S
        while not self._answers():
            assert self._process.poll() is None, log_path.read_text()
            assert time.monotonic() < deadline, log_path.read_text()
            time.sleep(0.2)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, with_signal)
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=1) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            return False
