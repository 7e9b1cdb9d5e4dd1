"""The systems compared: how each is started, and where its environment lies."""

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tracking.process import Tree, start

ROOT = Path(__file__).resolve().parents[2]
READY_S = 400.0  # MLflow needs minutes where other work has the cores
POLL_S = 0.002  # the error of a ready time

Command = Callable[[Path, int], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class System:
    name: str
    title: str
    program: Path  # what has to be there for it to run
    command: Command  # (data folder, port) → argv
    package: str  # what its size is of
    module: str | None  # what a user imports
    python: Path

    def there(self) -> bool:
        return self.program.exists()


@dataclass(frozen=True, kw_only=True)
class Running:
    system: System
    tree: Tree
    url: str
    folder: Path
    ready_s: float  # from the start of the process to the first 200 of /health

    @property
    def database(self) -> Path:
        return self.folder / "tracking.db"


def headrace(folder: Path, port: int) -> Sequence[str]:
    return [
        *(str(ROOT / ".venv/bin/headrace"), "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder}/tracking.db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]


def mlflow(folder: Path, port: int) -> Sequence[str]:
    return [
        *(str(ROOT / ".venv-mlflow/bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder}/tracking.db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]


def fasttrackml(folder: Path, port: int) -> Sequence[str]:
    return [
        *(str(ROOT / ".venv-fasttrackml/bin/fml"), "server", "--listen-address", f"127.0.0.1:{port}"),
        *("--database-uri", f"sqlite://{folder}/tracking.db", "--log-level", "warn"),
        *("--default-artifact-root", str(folder / "artifacts")),
    ]


def noop(folder: Path, port: int) -> Sequence[str]:
    return [sys.executable, "-m", "benchmarks.tracking.noop", str(port), str(folder / "answer.json")]


HEADRACE = System(
    name="headrace",
    title="Headrace",
    program=ROOT / ".venv/bin/headrace",
    command=headrace,
    package=str(ROOT),
    module="headrace",
    python=ROOT / ".venv/bin/python",
)
MLFLOW = System(
    name="mlflow",
    title="MLflow",
    program=ROOT / ".venv-mlflow/bin/mlflow",
    command=mlflow,
    package="mlflow",
    module="mlflow",
    python=ROOT / ".venv-mlflow/bin/python",
)
FASTTRACKML = System(
    name="fasttrackml",
    title="FastTrackML",
    program=ROOT / ".venv-fasttrackml/bin/fml",
    command=fasttrackml,
    package="fasttrackml",
    module=None,  # its users import MLflow's client
    python=ROOT / ".venv-fasttrackml/bin/python",
)
NOOP = System(
    name="noop",
    title="ceiling",
    program=Path(sys.executable),
    command=noop,
    package="",
    module=None,
    python=Path(sys.executable),
)
SYSTEMS = {system.name: system for system in (MLFLOW, FASTTRACKML, HEADRACE)}


def version_of(system: System) -> str:
    import subprocess

    name = "headrace" if system is HEADRACE else system.package
    ask = f"import importlib.metadata as m; print(m.version({name!r}))"
    said = subprocess.run([system.python, "-c", ask], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def environment(system: System) -> dict[str, str]:
    """This process's, without what would steer a server by accident."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HEADRACE_", "FML_"))}
    own = {"PYTHONPATH": str(ROOT)} if system is NOOP else {"MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**kept, **own}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_healthy(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return b" 200 " in line.recv(64)
    except OSError:
        return False


@contextmanager
def running(system: System, folder: Path) -> Iterator[Running]:
    """The system on the database in `folder`, which is made if it isn't there."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    began = time.perf_counter()
    tree = start(system.command(folder, port), folder=folder, env=environment(system))
    try:
        while not is_healthy(port):
            if tree.root.poll() is not None or time.perf_counter() - began > READY_S:
                raise RuntimeError(f"{system.title} did not start:\n{tree.log.read_text()[-3000:]}")
            time.sleep(POLL_S)
        ready_s = time.perf_counter() - began
        url = f"http://127.0.0.1:{port}"
        yield Running(system=system, tree=tree, url=url, folder=folder, ready_s=ready_s)
    finally:
        tree.stop()
