"""The batch script of a Slurm job.

Resources stand in #SBATCH lines, so that the script can be read, kept and submitted again by hand. sbatch cuts those
lines at blanks and quotes, and has no rule that would let any text through: values are held to the characters that its
options use. Everything below those lines is bash, with each value quoted.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from headrace.errors import InvalidValue
from headrace.projects.backends.config import FIELD, Config

STATUS = "status"  # beginning of the names of files with an exit status, one for each task of an array
OUTPUT = "output"  # and of those with what was printed

_WORD = re.compile(r"[\w.,:=@%/+\-\[\]&|()*!^~]+")
_PLACE = re.compile(r"[\w./+@:,=-]+")  # % stands for the job in sbatch's paths
_PLACE_ALLOWED = "letters, digits and any of . / + @ : , = - _, without blanks"
_ALLOWED = "letters, digits and any of . , : = @ % / + - _ [ ] & | ( ) * ! ^ ~, without blanks"


class SlurmConfig(Config, frozen=True, kw_only=True):
    """Resources have the names of sbatch's options. setup: lines of bash before the project's command, such as
    `module load cuda`. folder: where jobs keep script, code and output; every node must see it."""

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: str | int | None = None
    nodes: int | str | None = None
    ntasks: int | None = None
    ntasks_per_node: int | None = None
    cpus_per_task: int | None = None
    mem: str | int | None = None
    mem_per_cpu: str | int | None = None
    gpus: int | str | None = None
    gpus_per_node: int | str | None = None
    gres: str | None = None
    constraint: str | None = None
    array: str | int | None = None
    reservation: str | None = None
    nodelist: str | None = None
    exclude: str | None = None
    dependency: str | None = None
    exclusive: bool = False
    job_name: str | None = None
    setup: list[str] = []  # noqa: RUF012 — msgspec copies it
    folder: str | None = None


_OWN = ("exclusive", "job-name", "setup", "folder")


def options(config: SlurmConfig, *, job_name: str, output: Path) -> dict[str, str]:
    """sbatch's long options and their values; an empty value for a flag. InvalidValue for what Slurm can't read."""
    found = {"job-name": _plain_name(config.job_name or job_name)}
    for field in msgspec.structs.fields(SlurmConfig):
        value = getattr(config, field.name)
        if field.encode_name not in _OWN and value is not None:
            found[field.encode_name] = str(value)
    if config.exclusive:
        found["exclusive"] = ""
    for name, value in found.items():
        if value and not _WORD.fullmatch(value):
            raise InvalidValue(FIELD, value, f"{name!r} of backend 'slurm' may hold {_ALLOWED}.")
    if not _PLACE.fullmatch(str(output)):
        raise InvalidValue(FIELD, str(output), f"the path of backend 'slurm's 'folder' may hold {_PLACE_ALLOWED}.")
    found["output"] = str(output / (f"{OUTPUT}-%a.txt" if config.array is not None else f"{OUTPUT}.txt"))
    return found


def script(
    config: SlurmConfig,
    *,
    job_name: str,
    folder: Path,
    code: Path,
    command: str,
    environment: Mapping[str, str],
    path_prefix: Sequence[str] = (),
) -> str:
    """The whole script. folder: of the job. code: where the command runs. path_prefix: folders put before PATH."""
    directives = [
        f"#SBATCH --{name}={value}" if value else f"#SBATCH --{name}"
        for name, value in options(config, job_name=job_name, output=folder).items()
    ]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    if path_prefix:
        exports.append(f'export PATH={shlex.quote(":".join(path_prefix))}:"$PATH"')
    lines = [
        "#!/bin/bash",
        *directives,
        "",
        "# The outcome, for where Slurm keeps no accounts.",
        f"headrace_status={shlex.quote(str(folder / STATUS))}-${{SLURM_ARRAY_TASK_ID:-0}}",
        'trap \'echo "$?" > "$headrace_status"\' EXIT',
        *exports,
        f"cd {shlex.quote(str(code))} || exit",
        *(line.rstrip("\n") for line in config.setup),
        f"bash -c {shlex.quote(command)}",
    ]
    return "\n".join(lines) + "\n"


def _plain_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-") or "project"
