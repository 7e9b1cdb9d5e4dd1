from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import InvalidValue
from headrace.projects.backends.config import decoded
from headrace.projects.backends.slurm_script import SlurmConfig, script


def written(config: dict[str, Any], folder: Path, **changed: Any) -> str:
    fields: dict[str, Any] = {
        "job_name": "My Project",
        "folder": folder,
        "code": folder,
        "command": "true",
        "environment": {},
    }
    return script(decoded(SlurmConfig, config, "slurm"), **{**fields, **changed})


def directives(text: str) -> list[str]:
    return [line.removeprefix("#SBATCH ") for line in text.splitlines() if line.startswith("#SBATCH")]


def test_resources_stand_in_the_head_of_the_script() -> None:
    config = {
        "partition": "gpu,gpu-long",
        "account": "ml",
        "time": "1-00:30:00",
        "gpus": "a100:2",
        "cpus_per_task": 8,
        "mem": "64G",
        "constraint": "[rack1|rack2]&ib",
        "exclusive": True,
        "dependency": "afterok:12",
    }
    text = written(config, Path("/scratch/job"))
    assert text.startswith("#!/bin/bash\n#SBATCH ")
    assert directives(text) == [
        "--job-name=My-Project",
        "--partition=gpu,gpu-long",
        "--account=ml",
        "--time=1-00:30:00",
        "--cpus-per-task=8",
        "--mem=64G",
        "--gpus=a100:2",
        "--constraint=[rack1|rack2]&ib",
        "--dependency=afterok:12",
        "--exclusive",
        "--output=/scratch/job/output.txt",
    ]


def test_an_array_has_an_output_for_each_task() -> None:
    assert directives(written({"array": "0-9%2", "job-name": "a"}, Path("/s")))[1:] == [
        "--array=0-9%2",
        "--output=/s/output-%a.txt",
    ]


@pytest.mark.parametrize(
    "value",
    ["gpu\n#SBATCH --account=theirs", "gpu --account=theirs", "gpu\r", 'gpu"x', "gpu'x", "$(id)", "`id`", "a;b"],
)
def test_a_value_cannot_bring_in_another_option(value: str) -> None:
    with pytest.raises(InvalidValue, match="'partition' of backend 'slurm' may hold"):
        written({"partition": value}, Path("/s"))


@pytest.mark.parametrize("folder", ["/my jobs", "/a\nb", "/50%", "/$HOME", "/it's"])
def test_a_folder_that_sbatch_would_read_otherwise_is_refused(folder: str) -> None:
    with pytest.raises(InvalidValue, match="'folder'"):
        written({}, Path(folder))


def test_the_wrong_type_is_told_by_its_key() -> None:
    with pytest.raises(InvalidValue, match=r"'cpus-per-task' of backend 'slurm': expected `int \| null`, got `str`"):
        written({"cpus-per-task": "eight"}, Path("/s"))


def test_everything_below_the_head_is_quoted_for_bash(tmp_path: Path) -> None:
    nasty = "a'b\"c $(touch hacked) `touch hacked`; touch hacked\nnext"
    code = tmp_path / "it's $(touch hacked) here"
    code.mkdir()
    (code / "show.sh").write_text('printf "%s|" "$1" "$VALUE" "$PWD"')
    text = written(
        {"setup": ["export ADDED=1"]},
        tmp_path,
        code=code,
        command="bash show.sh 'a'\"'\"'b; $(touch hacked)'; printf $ADDED",
        environment={"VALUE": nasty},
        path_prefix=["/env/with blank/bin"],
    )
    done = subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"a'b; $(touch hacked)|{nasty}|{code}|1"
    assert not list(tmp_path.rglob("hacked"))
    assert (tmp_path / "status-0").read_text() == "0\n"


@pytest.mark.parametrize(
    ("setup", "command", "status"), [([], "exit 7", 7), (["exit 5"], "true", 5), (["set -e", "false"], "true", 1)]
)
def test_the_status_is_kept_however_the_script_ends(
    tmp_path: Path, setup: list[str], command: str, status: int
) -> None:
    text = written({"setup": setup}, tmp_path, command=command)
    assert subprocess.run(["bash", "-c", text], cwd=tmp_path).returncode == status
    assert (tmp_path / "status-0").read_text() == f"{status}\n"


def test_the_first_programs_on_the_path_are_the_environments(tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("#!/bin/sh\necho mine")
    (tmp_path / "hello").chmod(0o755)
    text = written({}, tmp_path, command="hello", path_prefix=[str(tmp_path)])
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "mine\n"
