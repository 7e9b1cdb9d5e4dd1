"""How each system is started, and when it answers."""

import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tracking.process import Tree, start

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).parent / "peers"
HEADRACE, MLFLOW, SERVERS = (ROOT / name / "bin" for name in (".venv", ".venv-mlflow", ".venv-servers"))
READY_S = 180.0


class NotReady(Exception):
    """A server ended, or didn't answer in time: what it said."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """ready_s: from its start to its first answer."""

    tree: Tree
    url: str
    ready_s: float


def headrace(model: Path, port: int, *options: str) -> list[str]:
    return [
        str(HEADRACE / "headrace"), "models", "serve", "-m", str(model), "-p", str(port), "--allow-pickle", *options
    ]  # fmt: skip


def mlflow(model: Path, port: int) -> list[str]:
    return [str(MLFLOW / "mlflow"), "models", "serve", "-m", str(model), "-p", str(port), "--env-manager", "local"]


def peer(script: str, port: int) -> list[str]:
    if script.startswith("bento"):
        module, _, service = script.partition(":")
        return [
            str(SERVERS / "bentoml"),
            "serve",
            f"{module}:{service}",
            "--port",
            str(port),
            "--working-dir",
            str(PEERS),
        ]
    return [str(SERVERS / "python"), str(PEERS / f"{script}.py"), str(port)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def variables(folder: Path) -> dict[str, str]:
    """Bytecode is kept, as it is for users: without it each start compiles all, in time and memory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "HEADRACE_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "HEADRACE_HOME": str(folder / "home"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PATH": os.pathsep.join([str(MLFLOW), kept["PATH"]]),
        "HF_HUB_OFFLINE": "1",
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "1",
        "GIT_PYTHON_REFRESH": "quiet",
    }


@contextmanager
def serving(
    command: Sequence[str], port: int, folder: Path, probe: str = "/ping", env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    tree = start(command, folder=folder, env={**variables(folder), **(env or {})})
    try:
        _wait(tree, f"http://127.0.0.1:{port}{probe}")
        yield Server(tree=tree, url=f"http://127.0.0.1:{port}", ready_s=time.perf_counter() - begun)
    finally:
        tree.stop()


def _wait(tree: Tree, url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if tree.root.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise NotReady(f"{' '.join(tree.root.args)}: {tree.log.read_text(errors='replace')[-2000:]}")  # type: ignore[arg-type]
