"""One batch with all its choices: run in this process, or handed as JSON to a child in the model's environment.

The child reads and writes the files itself (stdin and stdout are inherited), so that no row passes between the two.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from headrace import environments
from headrace.errors import HeadraceError, UserCodeError
from headrace.packaging import trust
from headrace.packaging.batch.chunk import Limits
from headrace.packaging.batch.score import Outcome, score
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.trust import Origin

_CHILD = "headrace.packaging.batch"
_STOP_S = 10  # each of which asks once


@dataclass(frozen=True, kw_only=True)
class Job:
    """folder: of the model. origin: where it came from, for `trust`."""

    folder: Path
    origin: Origin
    input_path: Path | None = None
    output_path: Path | None = None
    content_type: str | None = None
    output_type: str | None = None
    on_error: str = "fail"
    limits: Limits = field(default_factory=Limits)
    allow_pickle: bool | None = None
    model_config: dict[str, Any] | None = None
    quiet: bool = False

    @property
    def path(self) -> Path:
        return self.folder


def run(
    job: Job,
    *,
    env_manager: str = "local",
    extra_requirements: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """extra_requirements: in place of the model's own of the same name. variables: of the environment, for the model
    alone. What the child says goes to stderr."""
    if env_manager == "local" and not variables and not extra_requirements:
        return run_here(job)
    environment = prepared(job, env_manager, extra_requirements)
    inputs = replace(
        job,
        input_path=job.input_path and job.input_path.absolute(),
        output_path=job.output_path and job.output_path.absolute(),
    )
    told_as = msgspec.json.encode(asdict(inputs), enc_hook=str).decode()
    read, write = os.pipe()
    try:
        with environment.in_use() as kept:
            child = subprocess.Popen(  # noqa: S603 — no shell
                environment.command("-m", _CHILD, str(write), told_as),
                env=environment.variables(variables),
                pass_fds=(write, *kept),
            )
        os.close(write)
        write = -1
        try:
            with os.fdopen(read, "rb") as answer:
                read = -1
                told = answer.read()
            child.wait()
        except BaseException:
            _stop(child)
            raise
    finally:
        for each in (read, write):
            if each >= 0:
                os.close(each)
    return _outcome(told, child.returncode)


def _stop(child: subprocess.Popen[bytes]) -> None:
    """As a user at the terminal would, so that it takes its unfinished file away. Asked again each second: an interrupt
    that comes while Python clears something up is printed and forgotten."""
    for _ in range(_STOP_S):
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)
            return
    child.kill()
    child.wait()


def _outcome(told: bytes, status: int) -> Outcome:
    if not told:
        raise UserCodeError(
            f"The model's process ended with status {status} before it was done"
            f"{' (killed, perhaps for want of memory)' if status == -9 else ''}; see what it wrote above."
        )
    answer = msgspec.json.decode(told)
    if "error" in answer:
        raise HeadraceError(answer["error"], answer["code"])
    return Outcome(**answer)


def prepared(
    job: Job, env_manager: str, extra_requirements: Sequence[str] = (), *, needs: Sequence[str] = ("pandas",)
) -> environments.Environment:
    """The model's environment with Headrace in it. needs: what scoring needs beside the model. UntrustedModel where the
    model's packages may not be installed: what they bring runs, some of it while they are built."""

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    if env_manager == "local":
        return environments.local()
    what = ["requirements.txt: packages that would be installed, and may run code"]
    trust.may_run(job.folder, what=what, origin=job.origin, allow_pickle=job.allow_pickle)
    spec = environments.of_model(job.folder)
    if extra_requirements:
        spec = spec.with_lines(extra_requirements)
    missing = [name for name in needs if not spec.names(name)]
    return environments.prepare(replace(spec, own=(*spec.own, *missing)), env_manager, progress=tell)


def run_here(job: Job) -> Outcome:
    source = open_model(job, model_config=job.model_config, allow_pickle=job.allow_pickle)
    return score(
        load_pyfunc(source),
        job.input_path,
        job.output_path,
        content_type=job.content_type,
        output_type=job.output_type,
        on_error=job.on_error,
        limits=job.limits,
        quiet=job.quiet,
    )


def child(answer_fd: int, job: bytes) -> int:
    """The other side of `run`."""
    given = msgspec.json.decode(job)
    paths = {name: Path(given[name]) if given[name] else None for name in ("folder", "input_path", "output_path")}
    root = given["origin"].pop("root")
    origin = Origin(root=Path(root) if root else None, **given["origin"])
    made = Job(**{**given, **paths, "origin": origin, "limits": Limits(**given["limits"])})
    answer: dict[str, Any]
    try:
        answer = asdict(run_here(made))
    except HeadraceError as error:
        answer = {"error": error.message, "code": error.error_code}
    with os.fdopen(answer_fd, "wb") as out:
        out.write(msgspec.json.encode(answer))
    return 1 if "error" in answer else 0
