"""Starts the server under test as a child process and tells where it listens.

`HEADRACE_COMPAT_TARGET=mlflow` starts the genuine MLflow server instead of ours: an expectation that holds
there too is MLflow's behaviour and not only ours.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
TARGET = os.environ.get("HEADRACE_COMPAT_TARGET", "headrace")
BIN = Path(os.environ.get("HEADRACE_TEST_BIN", str(ROOT / ".venv" / "bin")))  # the project's own environment
READY_S = 120.0  # MLflow needs about 15 s on two cores, more when they are busy
POLL_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Server:
    url: str
    folder: Path  # working folder: database, artifacts and log lie below
    database: str  # "sqlite" or "postgresql"
    target: str  # "headrace" or "mlflow"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(target: str, backend: str, folder: Path, port: int) -> list[str]:
    program = [str(BIN / "headrace")] if target == "headrace" else [sys.executable, "-m", "mlflow"]
    options = ["--backend-store-uri", backend, "--artifacts-destination", str(folder / "artifacts")]
    listen = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [*program, "server", *options, *listen]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would steer a server or a client by accident."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HEADRACE_"))}
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return {**kept, **quiet, **extra}


def await_ready(url: str, child: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise RuntimeError(f"server ended with {child.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urlopen(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(POLL_S)
    raise TimeoutError(f"no /health from {url} within {READY_S} s:\n{log.read_text()[-4000:]}")


def stop(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def running(
    backend: str, folder: Path, *, database: str, env: Mapping[str, str] | None = None, target: str = TARGET
) -> Iterator[Server]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command(target, backend, folder, port),
            cwd=folder,
            env=environment(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await_ready(url, child, log)
        yield Server(url=url, folder=folder, database=database, target=target)
    finally:
        stop(child)
