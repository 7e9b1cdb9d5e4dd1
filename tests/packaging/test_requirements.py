from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from headrace.environments.requirement import parse
from headrace.errors import InvalidValue
from headrace.packaging import requirements

DEFAULTS = ["cloudpickle==3.1.3", "numpy==2.4.6"]


def version(name: str) -> str:
    return importlib.metadata.version(name).partition("+")[0]


def test_modules_are_pinned_by_the_distribution_that_they_come_from() -> None:
    modules = ["sklearn.svm._base", "sklearn.tree", "yaml", "PIL.Image", "dateutil", "google.protobuf.message", "six"]
    names = ["pillow", "protobuf", "python-dateutil", "pyyaml", "scikit-learn", "six"]
    assert requirements.infer(modules) == [f"{name}=={version(name)}" for name in names]


def test_every_importable_module_here_has_the_distribution_that_the_standard_library_names() -> None:
    found = {
        module: ({line.partition("==")[0] for line in requirements.infer([module])}, set(map(canonicalize_name, names)))
        for module, names in importlib.metadata.packages_distributions().items()
        if module.isidentifier() and "headrace" not in names
    }
    wrong = {module: sets for module, sets in found.items() if not sets[0] <= sets[1]}
    unknown = [module for module, (ours, _) in found.items() if not ours]
    assert not wrong
    assert len(unknown) < len(found) / 20, unknown  # namespaces, and files that can't be imported


def test_standard_modules_headrace_and_unknown_ones_ask_for_nothing() -> None:
    assert (
        requirements.infer(["os.path", "_json", "headrace.packaging", "mlflow.pyfunc", "no_such_module", "__main__"])
        == []
    )


def test_packages_are_named_once_in_any_spelling_and_local_labels_are_left_out() -> None:
    torch = version("torch")
    packages = ["onnxruntime_genai", "Torch", "no-such-package"]
    assert requirements.infer(["onnxruntime_genai", "torch.nn"], packages=packages) == [
        "no-such-package",
        f"onnxruntime-genai=={version('onnxruntime-genai')}",
        f"torch=={torch}",
    ]


def test_a_package_installed_meanwhile_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert requirements.infer(["fresh_module"]) == []
    info = tmp_path / "Fresh_Package-2.1+local.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("fresh_module/__init__.py,,\nFresh_Package-2.1+local.dist-info/RECORD,,\n")
    (tmp_path / "fresh_module").mkdir()
    (tmp_path / "fresh_module" / "__init__.py").touch()
    assert requirements.infer(["fresh_module"]) == ["fresh-package==2.1"]


def test_what_came_from_version_control_is_named_by_its_commit_and_a_working_copy_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    origins = {
        "cloned": '{"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}}',
        "edited": '{"url": "file:///home/me/edited", "dir_info": {"editable": true}}',
    }
    for name, origin in origins.items():
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(f"{name}.py,,\n")
        (info / "direct_url.json").write_text(origin)
        (tmp_path / f"{name}.py").touch()
    assert requirements.infer(["cloned", "edited"]) == ["cloned @ git+https://example.org/c.git@abc123"]


# As genuine MLflow 3.17.2 answers for the defaults above, save where it is said.
ANSWERS: list[tuple[Any, Any, list[str]]] = [
    (None, None, ["mlflow==3.17.2", *DEFAULTS]),
    (["a"], None, ["mlflow==3.17.2", "a"]),
    ([], None, ["mlflow==3.17.2"]),
    (None, ["numpy"], ["mlflow==3.17.2", *DEFAULTS]),
    # MLflow joins both to `numpy<3,==2.4.6`.
    (None, ["numpy<3", "zeta[x]>1"], ["mlflow==3.17.2", "cloudpickle==3.1.3", "numpy<3", "zeta[x]>1"]),
    (["mlflow==3.0", "a"], None, ["mlflow==3.0", "a"]),
    (["mlflow-skinny", "b"], None, ["mlflow-skinny", "b"]),
    (["a", "a==1.0"], None, ["mlflow==3.17.2", "a==1.0"]),
    (["x>1.0", "x[e]", "x<2.0"], None, ["mlflow==3.17.2", "x[e]<2.0,>1.0"]),
    (["m[e1]>=3.5.1", "m[e2]<4", "m"], None, ["mlflow==3.17.2", "m[e1,e2]<4,>=3.5.1"]),
    (["git+https://x.org/b.git@main"], None, ["mlflow==3.17.2", "git+https://x.org/b.git@main"]),
    (["b @ https://x.org/b.whl"], None, ["mlflow==3.17.2", "b @ https://x.org/b.whl"]),
    (
        ["p==1; python_version<'3.9'", "p==2; python_version>='3.9'"],
        None,
        ["mlflow==3.17.2", "p==1; python_version < '3.9'", "p==2; python_version >= '3.9'"],
    ),
]


def meaning(line: str) -> object:
    try:
        read = Requirement(line)
    except ValueError:
        return line
    return read.name, read.extras, read.specifier, str(read.marker), read.url


@pytest.mark.parametrize(("given", "extra", "expected"), ANSWERS)
def test_requirements_come_out_as_mlflow_writes_them(given: Any, extra: Any, expected: list[str]) -> None:
    resolved = requirements.resolve(
        pip_requirements=given, extra_pip_requirements=extra, defaults=lambda: list(DEFAULTS)
    )
    assert [*map(meaning, resolved.pip)] == [*map(meaning, expected)]


def test_defaults_are_not_asked_for_where_the_user_gives_all() -> None:
    def never() -> list[str]:
        pytest.fail("asked")

    requirements.resolve(pip_requirements=["a"], defaults=never)
    requirements.resolve(conda_env={"dependencies": []}, defaults=never)


def test_a_requirements_file_may_name_others_and_constraints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.txt").write_text("six>=1  # why\n-c limits.txt\nfoo \\\n  ==2\n--extra-index-url https://x.org/simple\n")
    Path("limits.txt").write_text("numpy<3\n")
    lines = ["mlflow==3.17.2", "six>=1", "foo==2", "--extra-index-url https://x.org/simple", "-c constraints.txt"]
    for form in ("main.txt", Path("main.txt"), ["-r main.txt"]):
        resolved = requirements.resolve(pip_requirements=form)
        assert (resolved.pip, resolved.constraints) == (lines, ["numpy<3"])


@pytest.mark.parametrize(
    ("conda", "expected"),
    [
        (
            {"name": "e", "channels": ["x"], "dependencies": ["python=3.9", "scipy=1.1", {"pip": ["a==1"]}]},
            {
                "name": "e",
                "channels": ["x"],
                "dependencies": ["python=3.9", "scipy=1.1", {"pip": ["mlflow==3.17.2", "a==1"]}],
            },
        ),
        (
            {"name": "e", "dependencies": ["python=3.9.2"]},
            {"name": "e", "dependencies": ["python=3.9.2", {"pip": ["mlflow==3.17.2"]}]},
        ),
        (
            {"name": "e", "dependencies": ["pip", {"pip": ["mlflow"]}, "q"]},
            {"name": "e", "dependencies": ["pip", {"pip": ["mlflow"]}, "q"]},
        ),
    ],
)
def test_a_conda_environment_keeps_all_but_its_pip_part(conda: dict[str, Any], expected: dict[str, Any]) -> None:
    assert requirements.resolve(conda_env=conda).conda == expected


def test_a_conda_file_says_the_python_as_well(tmp_path: Path) -> None:
    path = tmp_path / "conda.yaml"
    path.write_text("dependencies:\n- python=3.9.2\n- pip:\n  - six\n")
    resolved = requirements.resolve(conda_env=str(path))
    assert resolved.python_env["python"] == "3.9.2"
    assert resolved.pip == ["mlflow==3.17.2", "six"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"pip_requirements": ["a"], "extra_pip_requirements": ["b"]}, "At most one of"),
        ({"pip_requirements": ["a"], "conda_env": {}}, "pip_requirements"),
        ({"pip_requirements": 3}, "a list of requirement strings"),
        ({"pip_requirements": [3]}, "a list of requirement strings"),
        ({"pip_requirements": "nowhere.txt"}, r"nowhere\.txt"),
        ({"conda_env": "nowhere.yaml"}, r"nowhere\.yaml"),
        ({"conda_env": 3}, "a dict"),
        ({"conda_env": {"dependencies": {"pip": []}}}, "a list"),
        ({"extra_pip_requirements": ["scikit learn"]}, "scikit learn"),
        ({"pip_requirements": ["scikit-learn==1.1", "scikit_learn<1"]}, "contradict each other"),
        ({"pip_requirements": ["a @ https://x.org/1", "a @ https://x.org/2"]}, "contradict each other"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        requirements.resolve(**arguments)


def test_a_place_on_this_machine_is_warned_about() -> None:
    with pytest.warns(UserWarning, match=re.escape("/data/mine.whl")):
        resolved = requirements.resolve(pip_requirements=["/data/mine.whl"])
    assert resolved.pip == ["mlflow==3.17.2", "/data/mine.whl"]


NAMES = st.sampled_from(["a", "A", "b-c", "b_c", "b.C", "d"])
LINES = st.builds(
    "{}{}{}".format, NAMES, st.sampled_from(["", "[x]", "[y]"]), st.sampled_from(["", ">=1", "<3", "==2"])
)


@given(st.lists(LINES, max_size=6), st.lists(LINES, max_size=6))
def test_no_distribution_is_named_twice_and_none_is_lost(inferred: list[str], own: list[str]) -> None:
    merged = [Requirement(str(line)) for line in requirements.merge(map(parse, inferred), map(parse, own))]
    names = [line.name for line in merged]
    given_names = {canonicalize_name(Requirement(line).name) for line in [*inferred, *own]}
    assert sorted(names) == sorted(given_names)
    for line in merged:
        users = [Requirement(text) for text in own if canonicalize_name(Requirement(text).name) == line.name]
        assert {extra for each in users for extra in each.extras} <= line.extras
        for each in users:
            assert not each.specifier or line.specifier.contains("2") is True


def test_inference_starts_no_process_and_looks_through_the_environment_once() -> None:
    """In a process of its own, so that nothing is cached."""
    code = (
        "import sys, numpy, yaml\n"
        "import headrace.packaging.requirements as r\n"
        "seen = []\n"
        "def infer():\n"
        "    r.infer(r.modules_of(numpy.zeros(3), yaml.Loader), packages=['scikit-learn', 'cloudpickle'])\n"
        "    told, seen[:] = [*seen], []\n"
        "    return told\n"
        "sys.addaudithook(lambda event, _: seen.append(event))\n"
        "cold, warm = infer(), infer()\n"
        "print(cold.count('open'), cold.count('subprocess.Popen'), warm.count('open'), warm.count('os.listdir'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    opened, started, opened_again, listed_again = map(int, done.stdout.split())
    assert opened_again <= opened < 60, done.stdout
    assert (started, listed_again) == (0, 0), done.stdout
