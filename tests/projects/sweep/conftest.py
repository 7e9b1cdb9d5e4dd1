"""Projects whose commands log by a program that starts in some ms: it speaks to the server itself. All tests that log
share a server, each with an experiment of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import headrace
from headrace import clock
from tests.support.live_server import LiveServer, live_server

LOG = """
import http.client, json, os, sys, time
from urllib.parse import urlsplit

def log(**metrics):
    step = metrics.pop("step", 0)
    address = urlsplit(os.environ["MLFLOW_TRACKING_URI"])
    connection = http.client.HTTPConnection(address.hostname, address.port)
    points = [{"key": k, "value": v, "timestamp": int(time.time() * 1000), "step": step} for k, v in metrics.items()]
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], "metrics": points})
    kind = {"Content-Type": "application/json"}
    connection.request("POST", "/api/2.0/mlflow/runs/log-batch", body, kind)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
"""
MLPROJECT = """
name: trials
entry_points:
  main:
    parameters:
      x: {type: float, default: 1}
      n: {type: int, default: 1}
      name: {type: string, default: none}
      flag: {type: bool, default: false}
    command: "SHELL_COMMAND"
  train:
    parameters:
      x: {type: float, default: 1}
    command: "python -S train.py {x}"
"""


class Project:
    """main runs a shell command with {x}, {n}, {name} and {flag} in it, train a program that can `log`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "log.py").write_text(LOG)
        self.command("true")

    @property
    def uri(self) -> str:
        return str(self.folder)

    def command(self, text: str) -> None:
        (self.folder / "MLproject").write_text(MLPROJECT.replace("SHELL_COMMAND", text.replace('"', '\\"')))

    def program(self, text: str) -> None:
        (self.folder / "train.py").write_text(f"import sys, time\nfrom log import log\nx = float(sys.argv[1])\n{text}")

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def served(store_server: LiveServer) -> None:
    headrace.set_tracking_uri(store_server.url)
    headrace.set_experiment(clock.hex_id())


@pytest.fixture
def project(folder: Path) -> Project:
    return Project(folder)
