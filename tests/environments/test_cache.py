from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.environments import Spec, prepare, prune, root

Project = Callable[..., Spec]

# What a user's process does: reads the file, prepares, tells each step.
PREPARE = """
import sys
from headrace.environments import of_python_env, prepare
def tell(line): print(line, flush=True)
environment = prepare(of_python_env(sys.argv[1]), progress=tell)
done = environment.run(["-c", "import six; print('imported', six.__version__)"], capture_output=True, text=True)
print(done.stdout, done.stderr, "at", environment.path)
"""


def start(spec: Spec) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE, str(spec.folder / "python_env.yaml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_of_many_processes_at_once_one_builds_and_all_get_the_same(project: Project) -> None:
    children = [start(project("six==1.16.0")) for _ in range(6)]
    outputs = [child.communicate(timeout=120)[0] for child in children]
    assert all("imported 1.16.0" in output for output in outputs), outputs
    assert len({output.rpartition(" at ")[2] for output in outputs}) == 1
    assert sum("Building an environment" in output for output in outputs) == 1


@pytest.mark.parametrize("delay_s", [0.0, 0.1, 0.3])
def test_a_builder_that_was_killed_leaves_nothing_half_made(project: Project, delay_s: float) -> None:
    spec = project("six==1.16.0")
    child = start(spec)
    assert child.stdout is not None
    while "Building an environment" not in child.stdout.readline():
        assert child.poll() is None
    time.sleep(delay_s)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    environment = prepare(spec)
    done = environment.run(["-c", "import six; print(six.__version__)"], capture_output=True, text=True)
    assert done.stdout == "1.16.0\n"
    assert prepare(spec) == environment


def test_the_next_builder_removes_what_the_killed_one_left(project: Project, env_root: Path) -> None:
    spec = project("six==1.16.0")
    left = env_root / f"headrace-{spec.digest()}" / "0123456789ab"
    (left / "bin").mkdir(parents=True)
    (left / "bin" / "python").symlink_to(sys.executable)
    (left.parent / "ready.json.part").write_text("{")
    environment = prepare(spec)
    assert not left.exists()
    assert {path.name for path in left.parent.iterdir()} == {"lock", "ready.json", environment.python.parents[1].name}


def age(environment_folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(environment_folder.parent / "ready.json", (then, then))


def test_pruning_removes_what_nobody_used_for_long(project: Project) -> None:
    old, new = prepare(project("six==1.16.0")), prepare(project("six==1.17.0"))
    assert old.path is not None
    assert new.path is not None
    age(old.path, 3600)
    age(new.path, 600)
    assert prune(1800) == [old.path.parent]
    assert [*root().iterdir()] == [new.path.parent]
    age(new.path, 3600)
    prepare(project("six==1.17.0"))  # used again
    assert prune(1800) == []
    again = prepare(project("six==1.16.0"))
    assert again.run(["-c", "import six"]).returncode == 0


def test_an_environment_that_something_runs_in_is_not_pruned(project: Project) -> None:
    environment = prepare(project("six==1.16.0"))
    assert environment.path is not None
    child = environment.start(["-c", "input()"], stdin=subprocess.PIPE)
    age(environment.path, 3600)
    assert prune(0) == []
    child.communicate(b"\n")
    assert prune(0) == [environment.path.parent]


def test_pruning_removes_what_failed_and_killed_builders_left(env_root: Path) -> None:
    left = env_root / "headrace-00" / "attempt"
    left.mkdir(parents=True)
    (env_root / "mlflow-abc").mkdir()  # of MLflow, which may use the same folder
    (env_root / ".removed-1").mkdir()
    assert prune(3600) == []
    os.utime(left.parent, (0, 0))
    assert prune(3600) == [left.parent]
    assert [path.name for path in env_root.iterdir()] == ["mlflow-abc"]


def test_pruning_nothing_is_no_mistake() -> None:
    assert prune(0) == []


def test_the_place_is_the_users_cache_unless_it_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HEADRACE_ENV_ROOT")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert root() == Path("/caches/headrace/environments")
    monkeypatch.setenv("MLFLOW_ENV_ROOT", "/elsewhere")
    assert root() == Path("/elsewhere")
    monkeypatch.setenv("HEADRACE_ENV_ROOT", "relative")
    assert root() == tmp_path / "relative"
