"""The measurements. Both systems run the same project by their own commands, turn by turn, each with a store and an
environment folder of its own; neither sees the caller's settings."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BINS = {"mlflow": ROOT / ".venv-mlflow" / "bin", "headrace": ROOT / ".venv" / "bin"}
VIRTUALENV = ROOT / ".venv-virtualenv" / "bin"  # MLflow's virtualenv way calls that program
TIMEOUT_S = 300
PACKAGES = ("numpy", "pandas", "scikit-learn")
FIRST_REPEATS = 2
MLFLOW_TRIALS = 10  # of its loop: each takes what a run takes

MLPROJECT = """name: bench
python_env: python_env.yaml
entry_points:
  main:
    command: "python main.py"
  short:
    parameters:
      trial: {type: int, default: 0}
    command: "sleep 0.01; : {trial}"
"""
LOOP = """
import sys, time
import mlflow.projects
project, trials = sys.argv[1], int(sys.argv[2])
mlflow.projects.run(project, "short", env_manager="local")
start = time.perf_counter()
for trial in range(trials):
    mlflow.projects.run(project, "short", parameters={"trial": trial}, env_manager="local")
print("took", time.perf_counter() - start)
"""

Figures = dict[str, Any]  # value, note, figures: as a result holds them


class Failed(Exception):
    """A command that is measured failed: what it said."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """folder: of this measurement. repeats: of each figure. trials: of the sweep."""

    folder: Path
    repeats: int
    trials: int

    def project(self, name: str, packages: Sequence[str] = ()) -> Path:
        made = self.folder / name
        made.mkdir(parents=True)
        (made / "MLproject").write_text(MLPROJECT)
        (made / "python_env.yaml").write_text("".join(["dependencies:\n", *(f"  - {name}\n" for name in packages)]))
        imports = [name.replace("scikit-learn", "sklearn") for name in packages]
        (made / "main.py").write_text("".join(f"import {name}\n" for name in imports))
        return made

    def variables(self, system: str) -> dict[str, str]:
        """Wheels are in caches that both know; everything else is their own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "HEADRACE_"))}
        own = self.folder / system
        own.mkdir(exist_ok=True)
        path = [str(BINS[system]), kept["PATH"], str(BINS["headrace"]), str(VIRTUALENV)]
        return {
            **kept,
            "PATH": os.pathsep.join(path),
            "VIRTUAL_ENV": str(BINS[system].parent),
            "HEADRACE_HOME": str(own / "home"),
            "HEADRACE_TRACKING_URI": str(own / "store"),
            "HEADRACE_ENV_ROOT": str(own / "environments"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{own}/mlflow.db",
            "MLFLOW_ENV_ROOT": str(own / "environments"),
            "PIP_CACHE_DIR": str(self.folder.parent / "pip-cache"),
            "UV_CACHE_DIR": str(self.folder.parent / "uv-cache"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "GIT_PYTHON_REFRESH": "quiet",
        }

    def took(self, system: str, words: Sequence[str]) -> float:
        """Seconds from the start of a command to its end."""
        variables = self.variables(system)
        start = time.perf_counter()
        self.said(system, words, variables)
        return time.perf_counter() - start

    def said(self, system: str, words: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
        """What a command printed. Failed, with the reason."""
        ended = subprocess.run(
            words,
            env=variables or self.variables(system),
            cwd=self.folder / system,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if ended.returncode:
            raise Failed(f"{' '.join(words)}\n{(ended.stdout + ended.stderr)[-3000:]}")
        return ended.stdout

    def forget_environments(self, system: str) -> None:
        shutil.rmtree(self.folder / system / "environments", ignore_errors=True)


def run_words(system: str, project: Path, *options: str) -> list[str]:
    return [str(BINS[system] / system), "run", str(project), *options]


def each(measure: Callable[[str], Figures]) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for system in BINS:
        try:
            found[system] = measure(system)
        except (Failed, subprocess.TimeoutExpired, FileNotFoundError) as why:
            print(f"{system}: {why}")
            found[system] = {"value": None, "note": "failed", "figures": {}}
    return found


def _seconds(values: Sequence[float], alone: Sequence[float]) -> Figures:
    return {
        "value": median(values) - median(alone),
        "note": "",
        "figures": {"run": list(values), "command": list(alone)},
    }


def _again(setup: Setup, manager: str) -> dict[str, Figures]:
    project = setup.project("project")
    words = {system: run_words(system, project, "--env-manager", manager) for system in BINS}
    took: dict[str, list[float]] = {system: [] for system in BINS}
    alone: dict[str, list[float]] = {system: [] for system in BINS}
    failed: dict[str, Figures] = {}
    for repeat in range(setup.repeats + 1):  # the first makes stores and environments
        for system in [name for name in BINS if name not in failed]:
            try:
                seconds = setup.took(system, words[system])
                command = setup.took(system, ["bash", "-c", f"cd {project} && python main.py"])
            except (Failed, subprocess.TimeoutExpired) as why:
                print(f"{system}: {why}")
                failed[system] = {"value": None, "note": "failed", "figures": {}}
                continue
            if repeat:
                took[system].append(seconds)
                alone[system].append(command)
    return {system: failed.get(system) or _seconds(took[system], alone[system]) for system in BINS}


def again_local(setup: Setup) -> dict[str, Figures]:
    return _again(setup, "local")


def again_uv(setup: Setup) -> dict[str, Figures]:
    return _again(setup, "uv")


def first_environment(setup: Setup) -> dict[str, Figures]:
    project = setup.project("project", PACKAGES)
    plain = setup.project("plain")

    def by(system: str, manager: str) -> list[float]:
        words = run_words(system, project, "--env-manager", manager)
        found = []
        for _ in range(FIRST_REPEATS + 1):
            setup.forget_environments(system)
            found.append(setup.took(system, words))
        return found[1:]  # the first fills the caches

    def measure(system: str) -> Figures:
        setup.took(system, run_words(system, plain, "--env-manager", "local"))  # its store is no part of it
        if system == "headrace":
            took = by(system, "uv")
            return {"value": min(took), "note": "", "figures": {"uv": took}}
        took, by_uv = by(system, "virtualenv"), by(system, "uv")
        return {"value": min(took), "note": f"by uv: {min(by_uv):.1f}", "figures": {"virtualenv": took, "uv": by_uv}}

    return each(measure)


def sweep(setup: Setup) -> dict[str, Figures]:
    project = setup.project("project")

    def measure(system: str) -> Figures:
        if system == "mlflow":
            words = [str(BINS[system] / "python"), "-c", LOOP, str(project), str(MLFLOW_TRIALS)]
            took = float(setup.said(system, words).rpartition("took ")[2])
            return {"value": MLFLOW_TRIALS / took, "note": f"{MLFLOW_TRIALS} of them", "figures": {"took": took}}
        options = ["-e", "short", "--env-manager", "local", "-P", f"trial=int:1..{setup.trials}"]
        options += ["--sweep", "grid", "--jobs", "2"]
        setup.took(system, run_words(system, project, "-e", "short", "--env-manager", "local"))
        took = setup.took(system, run_words(system, project, *options))
        return {"value": setup.trials / took, "note": "", "figures": {"took": took, "trials": setup.trials}}

    return each(measure)
