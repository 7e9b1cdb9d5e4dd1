"""`sbatch`, `squeue`, `sacct` and `scancel` of a cluster with one node, this machine: they really run the script."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from calls import STATE, broken, end_of, fail, kill, record, start


def main(program: str, args: list[str]) -> None:
    record(program, args)
    words = broken(program)
    if words:
        fail(words)
    {"sbatch": sbatch, "squeue": squeue, "sacct": sacct, "scancel": scancel}[program](args)


def sbatch(args: list[str]) -> None:
    assert args[:2] == ["--parsable", "--export=ALL"], args
    script = Path(args[2])
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", script.read_text(), re.MULTILINE))
    number = str(100 + len(list(STATE.glob("job-*"))))
    tasks = range(int(options["array"].partition("-")[2]) + 1) if "array" in options else [None]
    (STATE / f"job-{number}").write_text("\n".join(task_name(number, task) for task in tasks))
    for task in tasks:
        variables = {**os.environ, "SLURM_JOB_ID": number}
        if task is not None:
            variables["SLURM_ARRAY_TASK_ID"] = str(task)
        output = options["output"].replace("%a", str(task))
        command = f'exec bash "$0" >> {output} 2>&1'
        if not (STATE / "hold").exists():
            start(["bash", "-c", command, str(script)], task_name(number, task), variables)
    print(number)


def task_name(number: str, task: int | None) -> str:
    return number if task is None else f"{number}_{task}"


def squeue(args: list[str]) -> None:
    options = dict(arg.lstrip("-").partition("=")[::2] for arg in args)
    if (STATE / "forgotten").exists():
        fail("slurm_load_jobs error: Invalid job id specified")
    for state in states(options["jobs"]):
        if options.get("states") == "all" or state in ("PENDING", "RUNNING"):
            print(state)


def sacct(args: list[str]) -> None:
    options = dict(arg.lstrip("-").partition("=")[::2] for arg in args)
    if (STATE / "no-accounts").exists():
        fail("Slurm accounting storage is disabled")
    for state in states(options["jobs"]):
        print("CANCELLED by 0" if state == "CANCELLED" else state)


def scancel(args: list[str]) -> None:
    for name in (STATE / f"job-{args[-1]}").read_text().split():
        kill(name)
        (STATE / f"{name}.cancelled").touch()


def states(number: str) -> list[str]:
    place = STATE / f"job-{number}"
    return [state(name) for name in place.read_text().split()] if place.exists() else []


def state(name: str) -> str:
    if (STATE / f"{name}.cancelled").exists():
        return "CANCELLED"
    if not (STATE / f"{name}.pid").exists():
        return "PENDING"
    ended = end_of(name)
    if ended is None:
        return "RUNNING"
    return "COMPLETED" if ended == 0 else "FAILED"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
