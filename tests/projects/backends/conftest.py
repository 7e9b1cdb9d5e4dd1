from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from headrace.client.open import close_stores, tracking_store
from headrace.projects.launch import Docker, Launch, ProjectEnvironment, Source
from headrace.projects.submitted import SubmittedRun

FAKES = Path(__file__).parent / "fakes"
PROGRAMS = {
    "docker": "docker.py",
    "kubectl": "kubectl.py",
    "sbatch": "slurm.py sbatch",
    "squeue": "slurm.py squeue",
    "sacct": "slurm.py sacct",
    "scancel": "slurm.py scancel",
}


@dataclass(frozen=True)
class Call:
    program: str
    args: list[str]
    stdin: str
    env: dict[str, str]


@dataclass(frozen=True)
class Fakes:
    """Programs on the PATH that write their calls down and act on this machine."""

    bin: Path
    state: Path

    def calls(self, program: str) -> list[Call]:
        place = self.state / "calls.jsonl"
        lines = place.read_text().splitlines() if place.exists() else []
        return [call for line in lines if (call := Call(**json.loads(line))).program == program]

    def break_(self, name: str, words: str) -> None:
        (self.state / f"broken-{name}").write_text(words)

    def set(self, name: str, text: str = "") -> None:
        (self.state / name).write_text(text)

    def remove(self, program: str) -> None:
        (self.bin / program).unlink()


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    made = Fakes(tmp_path / "bin", tmp_path / "state")
    made.bin.mkdir()
    (made.state / "images").mkdir(parents=True)
    for name, program in PROGRAMS.items():
        file, *args = program.split()
        (made.bin / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{FAKES / file}" {" ".join(args)} "$@"\n')
        (made.bin / name).chmod(0o755)
    # Nothing else of the kind that this machine may have; sh, bash and env are in these two.
    monkeypatch.setenv("PATH", f"{made.bin}:{Path(sys.executable).parent}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_STATE", str(made.state))
    return made


@dataclass
class Project:
    """Makes launches, each with a run of its own in a real store."""

    folder: Path
    tracking_uri: str
    told: list[str] = field(default_factory=list)

    def write(self, **files: str) -> Project:
        for name, text in files.items():
            (self.folder / name.replace("__", ".")).write_text(text)
        return self

    def launch(self, command: str, *, docker: Docker | None = None, **changed: Any) -> Launch:
        store = tracking_store(self.tracking_uri)
        run = store.create_run("0", "project")
        kind = {"kind": "docker", "docker": docker} if docker else {}
        fields: dict[str, Any] = {
            "run_id": run.info.run_id,
            "experiment_id": "0",
            "tracking_uri": self.tracking_uri,
            "project_name": "My Project",
            "entry_point": "main",
            "parameters": {},
            "command": command,
            "variables": {
                "MLFLOW_RUN_ID": run.info.run_id,
                "MLFLOW_EXPERIMENT_ID": "0",
                "MLFLOW_TRACKING_URI": "http://127.0.0.1:4711",
                "MLFLOW_TRACKING_TOKEN": "secret of the run",
            },
            "environment": ProjectEnvironment(**kind),
            "source": Source(uri=str(self.folder), name=str(self.folder), folder=self.folder),
            "progress": self.told.append,
        }
        return Launch(**{**fields, **changed})

    def tags(self, launch: Launch) -> Mapping[str, str]:
        return tracking_store(self.tracking_uri).get_run(launch.run_id).data.tags


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield Project(folder, (tmp_path / "store").as_uri())
    close_stores()


@dataclass
class Waiter:
    """Waits for a run beside the test, as `headrace.projects.run` does."""

    run: SubmittedRun
    answers: list[bool] = field(default_factory=list)

    error: Exception | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.wait)
        self.thread.start()

    def wait(self) -> None:
        try:
            self.answers.append(self.run.wait())
        except Exception as error:  # noqa: BLE001 — of a thread
            self.error = error

    def answer(self, seconds: float = 30.0) -> bool:
        self.thread.join(seconds)
        assert self.answers, "it still waits"
        return self.answers[0]


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Asks until the answer is true: for what another process does in its own time."""

    def ask(question: Callable[[], Any], seconds: float = 20.0) -> Any:
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < deadline, "nothing happened"
            time.sleep(0.01)
        return answer

    return ask


def alive(pid: int) -> bool:
    """Whether the process still does something; a zombie doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
