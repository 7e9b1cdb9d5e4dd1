from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from headrace.packaging.mlflow_version import VERSION

PATH = Path(__import__("headrace.shim").shim.__file__).parent / "path"


def shim(
    *arguments: str, cwd: Path | None = None, flags: tuple[str, ...] = (), **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "headrace.shim", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env},
        timeout=120,
    )


def script(folder: Path, text: str, name: str = "script.py") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return str(path)


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_mlflow_is_headrace_itself() -> None:
    code = """
import mlflow, mlflow.tracking, mlflow.entities, mlflow.exceptions, headrace, headrace.entities, sys
assert mlflow is headrace and mlflow.tracking is headrace.tracking and mlflow.entities is headrace.entities
assert mlflow.tracking.MlflowClient is headrace.MlflowClient
assert mlflow.exceptions.MlflowException is headrace.errors.HeadraceError
assert headrace.__spec__.name == "headrace" and mlflow.tracking.__spec__.name == "headrace.tracking"
import mlflow.tracking.client, mlflow.tracking.fluent, mlflow.entities.run_status, mlflow.client
from mlflow.tracking import fluent
assert fluent.start_run is headrace.start_run
assert mlflow.tracking.client.MlflowClient is headrace.MlflowClient
print("same")
"""
    assert said(shim("-c", code)) == "same\n"


def test_version_is_the_one_that_headrace_is_compatible_with() -> None:
    code = (
        "import importlib.metadata as m, mlflow; print(m.version('mlflow'), mlflow.__version__, mlflow.version.VERSION)"
    )
    assert said(shim("-c", code)).split() == [VERSION] * 3
    assert (PATH / f"mlflow-{VERSION}.dist-info" / "METADATA").is_file()


def test_find_spec_says_that_mlflow_is_installed() -> None:
    code = "from importlib.util import find_spec as f; print(f('mlflow') is not None, f('mlflow.made_up'))"
    assert said(shim("-c", code)).split() == ["True", "None"]


def test_unknown_module_and_name_are_import_errors() -> None:
    code = """
for text in ("import mlflow.made_up", "from mlflow import made_up", "from mlflow.tracking import made_up"):
    try:
        exec(text)
    except ImportError as error:
        print(type(error).__name__)
"""
    assert said(shim("-c", code)).split() == ["ModuleNotFoundError", "ImportError", "ImportError"]


def test_installed_mlflow_is_not_looked_at(tmp_path: Path) -> None:
    script(tmp_path, "raise SystemExit('the genuine one was imported')", "site/mlflow/__init__.py")
    code = "import mlflow, headrace; print(mlflow is headrace)"
    assert said(shim("-c", code, PYTHONPATH=str(tmp_path / "site"))) == "True\n"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
    assert said(shim("-c", child, PYTHONPATH=str(tmp_path / "site"))) == "True\n"


def test_script_sees_its_own_arguments_name_and_folder(tmp_path: Path) -> None:
    script(tmp_path, "VALUE = 7", "lib/neighbour.py")
    path = script(
        tmp_path,
        """
        import sys, neighbour
        print(__name__, __file__, sys.argv, __spec__, neighbour.VALUE, sys.modules["__main__"].__file__ == __file__)
        """,
        "lib/script.py",
    )
    assert said(shim(path, "-x", "--name=1", cwd=tmp_path)) == (
        f"__main__ {path} ['{path}', '-x', '--name=1'] None 7 True\n"
    )


def test_module_is_run_by_name(tmp_path: Path) -> None:
    script(tmp_path, "", "pkg/__init__.py")
    script(tmp_path, "import sys; print(__name__, __package__, sys.argv[1:])", "pkg/tool.py")
    script(tmp_path, "print('main of', __package__)", "pkg/__main__.py")
    assert said(shim("-m", "pkg.tool", "a", "b", cwd=tmp_path)) == "__main__ pkg ['a', 'b']\n"
    assert said(shim("-m", "pkg", cwd=tmp_path)) == "main of pkg\n"


def test_code_is_run_with_its_arguments() -> None:
    assert said(shim("-c", "import sys; print(sys.argv)", "a")) == "['-c', 'a']\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "usage"),
        (("-m",), 2, "needs a value"),
        (("-q", "x"), 2, "unknown option"),
        (("nowhere.py",), 2, "no such script"),
        (("-m", "no_such_module_here"), 1, "no module to run"),
    ],
)
def test_wrong_use_is_told(arguments: tuple[str, ...], status: int, words: str) -> None:
    done = shim(*arguments)
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (status, True, False)


def test_traceback_shows_the_script_only(tmp_path: Path) -> None:
    path = script(tmp_path, "import mlflow\ndef inner():\n    raise ValueError('boom')\ninner()\n")
    done = shim(path)
    direct = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(PATH)}
    )
    assert done.returncode == direct.returncode == 1
    assert done.stderr == direct.stderr
    assert "headrace" not in done.stderr


def test_syntax_error_is_shown_as_the_interpreter_does(tmp_path: Path) -> None:
    path = script(tmp_path, "import mlflow\nx = = 1\n")
    done = shim(path)
    assert done.returncode == 1
    assert done.stderr == subprocess.run([sys.executable, path], capture_output=True, text=True).stderr


@pytest.mark.parametrize(
    ("code", "status"), [("sys.exit(3)", 3), ("sys.exit('no')", 1), ("sys.exit()", 0), ("raise KeyboardInterrupt", 130)]
)
def test_exit_status_is_the_scripts(code: str, status: int) -> None:
    assert shim("-c", f"import sys; {code}").returncode == status


def test_run_that_an_uncaught_error_leaves_open_is_failed(tmp_path: Path) -> None:
    path = script(tmp_path, "import mlflow\nprint(mlflow.start_run().info.run_id)\nraise ValueError\n")
    run_id = shim(path, cwd=tmp_path).stdout.strip()
    shown = shim("-c", f"import mlflow; print(mlflow.get_run({run_id!r}).info.status)", cwd=tmp_path)
    assert said(shown) == "FAILED\n"


def test_exit_handlers_find_the_scripts_names(tmp_path: Path) -> None:
    path = script(
        tmp_path, "import atexit\nx = 5\ndef last(): print(x, later())\natexit.register(last)\ndef later(): return 6\n"
    )
    assert said(shim(path)) == "5 6\n"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_children_of_multiprocessing_import_the_same(tmp_path: Path, method: str) -> None:
    path = script(
        tmp_path,
        """
        import multiprocessing, sys
        import mlflow
        from mlflow.tracking import MlflowClient

        def work(number):
            import headrace
            return mlflow is headrace and MlflowClient is headrace.MlflowClient, number

        if __name__ == "__main__":
            with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
                print(pool.map(work, [4]))
        """,
    )
    assert said(shim(path, method)) == "[(True, 4)]\n"


def test_child_without_headrace_gets_what_its_interpreter_has(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    script(site, "GENUINE = True", "mlflow/__init__.py")
    script(site, "TOO = True", "mlflow/tracking.py")
    inner = "import mlflow.tracking; print(mlflow.GENUINE, mlflow.tracking.TOO)"
    code = f"import subprocess; subprocess.run([{str(python)!r}, '-c', {inner!r}], check=True)"
    assert said(shim("-c", code)) == "True True\n"


def test_path_of_the_environment_is_kept(tmp_path: Path) -> None:
    code = "import os; print(os.environ['PYTHONPATH'].split(os.pathsep)[1:])"
    assert said(shim("-c", code, PYTHONPATH=str(tmp_path))) == f"['{tmp_path}']\n"


def test_interpreter_flags_stay(tmp_path: Path) -> None:
    assert said(shim("-c", "import sys; print(sys.flags.optimize)", flags=("-O",))) == "1\n"
