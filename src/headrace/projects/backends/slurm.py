"""Projects as batch jobs of Slurm, by its own commands: sbatch, squeue, sacct and scancel.

Each job has a folder that all nodes see: its script, its output, its exit status, and the code of a project that was
fetched. A project in a local folder runs where it is. The environment is built here, before the job is submitted; nodes
find it at the same path. A token travels in the environment that sbatch hands on, never in the script.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from headrace import clock, settings
from headrace.environments.tool import Tool, ToolFailed
from headrace.errors import ServiceError
from headrace.projects import environment as environments
from headrace.projects.backends import payload
from headrace.projects.backends.config import decoded
from headrace.projects.backends.docker_command import is_secret
from headrace.projects.backends.followed import OVER, FollowedRun, State
from headrace.projects.backends.slurm_script import OUTPUT, STATUS, SlurmConfig, script
from headrace.projects.launch import Launch
from headrace.projects.submitted import SubmittedRun

_HINT = "submit from a login node of the cluster, or install Slurm's client commands."
SBATCH, SQUEUE, SACCT, SCANCEL = (Tool(name=name, hint=_HINT) for name in ("sbatch", "squeue", "sacct", "scancel"))

STOP_S = 120.0  # Slurm itself gives a job 30 s (KillWait) between SIGTERM and SIGKILL

_FINISHED = frozenset({"COMPLETED"})
_KILLED = frozenset({"CANCELLED", "REVOKED"})
_FAILED = frozenset({"BOOT_FAIL", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"})
_WAITING = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT", "SUSPENDED"}
)


class SlurmBackend:
    def submit(self, launch: Launch, /) -> SubmittedRun:
        config = decoded(SlurmConfig, launch.backend_config, "slurm")
        for tool in (SBATCH, SQUEUE, SCANCEL):
            tool.path  # noqa: B018 — told before anything is made
        folder = _folder(config) / f"{launch.run_id}-{clock.hex_id()[:6]}"
        code = launch.folder if launch.source.pristine is None else folder / "code"
        text = _script(config, launch, folder, code)
        folder.mkdir(parents=True)
        try:
            if code != launch.folder:
                payload.copy(launch.folder, code)
            place = folder / "job.sh"
            place.write_text(text, encoding="utf-8")
            secrets = {name: value for name, value in launch.variables.items() if is_secret(name)}
            answer = SBATCH.ask("--parsable", "--export=ALL", str(place), env=secrets)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        number, _, cluster = answer.strip().splitlines()[-1].partition(";")
        launch.progress(f"Slurm job {number} was submitted; its output is in {folder}")
        return FollowedRun(launch, SlurmJob(number, cluster, folder))


class SlurmJob:
    longest_pause_s = 10.0  # each question costs Slurm's controller something; sites ask for patience
    why = ""
    exit_code: int | None = None

    def __init__(self, number: str, cluster: str, folder: Path) -> None:
        self.number, self._folder = number, folder
        self._cluster = [f"--clusters={cluster}"] if cluster else []
        self._read_bytes: dict[Path, int] = {}

    def state(self) -> State:
        found = self._queued() or self._accounted()
        statuses = self._noted()
        if len(statuses) == 1:
            self.exit_code = statuses[0]
        if found:
            state = _of_all(found)
            odd = sorted(set(found) & (_FAILED - {"FAILED"}))
            if state == "FAILED" and odd:
                self.why = f"Slurm job {self.number} ended as {', '.join(odd)}"
            return state
        if not statuses:
            raise ServiceError(f"Slurm tells nothing of job {self.number}.")
        return "FAILED" if any(statuses) else "FINISHED"

    def more(self, *, last: bool) -> bytes:  # noqa: ARG002 — files are whole at once
        return b"".join(self._new(path) for path in sorted(self._folder.glob(f"{OUTPUT}*.txt")))

    def stop(self) -> None:
        SCANCEL.ask(*self._cluster, self.number)
        deadline = clock.monotonic_s() + STOP_S
        # Without --states, the queue holds what waits, runs or is being ended: a cancelled job's processes, too.
        while self._asked(f"--jobs={self.number}", "--noheader", "--format=%T"):
            if clock.monotonic_s() > deadline:
                raise ServiceError(f"Slurm job {self.number} still runs {STOP_S:g} s after scancel.")
            clock.sleep_s(0.2)

    def close(self) -> None:
        return

    def _queued(self) -> list[str]:
        """States of the job, or of an array's tasks; empty when Slurm has forgotten it, some minutes after its end."""
        return self._asked(f"--jobs={self.number}", "--states=all", "--array", "--noheader", "--format=%T")

    def _asked(self, *words: str) -> list[str]:
        try:
            return _states(SQUEUE.ask(*self._cluster, *words))
        except ToolFailed as error:
            if "Invalid job id" in error.said:
                return []
            raise ServiceError(error.message) from error

    def _accounted(self) -> list[str]:
        """The same from the accounts; empty where a site keeps none."""
        try:
            return _states(
                SACCT.ask(
                    *self._cluster,
                    f"--jobs={self.number}",
                    "--allocations",
                    "--noheader",
                    "--parsable2",
                    "--format=State",
                )
            )
        except (ToolFailed, ImportError):
            return []

    def _noted(self) -> list[int]:
        """Exit statuses that the script left, one for each task that is over."""
        texts = [path.read_text().strip() for path in sorted(self._folder.glob(f"{STATUS}-*"))]
        return [int(text) for text in texts if text]

    def _new(self, path: Path) -> bytes:
        with path.open("rb") as file:
            file.seek(self._read_bytes.get(path, 0))
            found = file.read()
            self._read_bytes[path] = file.tell()
        return found


def _states(said: str) -> list[str]:
    """Words of the lines: `CANCELLED by 1000` is CANCELLED; squeue heads each cluster's lines by its name."""
    lines = [line.split() for line in said.splitlines() if not line.startswith("CLUSTER:")]
    return [words[0].rstrip("+") for words in lines if words]


def _of_all(states: Iterable[str]) -> State:
    found = {_of(state) for state in states}
    if found <= OVER:
        return next(state for state in ("FAILED", "KILLED", "FINISHED") if state in found)
    return "SCHEDULED" if found == {"SCHEDULED"} else "RUNNING"


def _of(state: str) -> State:
    if state in _FINISHED:
        return "FINISHED"
    if state in _KILLED:
        return "KILLED"
    if state in _FAILED:
        return "FAILED"
    return "SCHEDULED" if state in _WAITING else "RUNNING"


def _script(config: SlurmConfig, launch: Launch, folder: Path, code: Path) -> str:
    built = environments.built(launch.environment, launch.progress)
    variables = {name: value for name, value in launch.variables.items() if not is_secret(name)}
    if built.path is not None:
        variables["CONDA_PREFIX" if built.conda else "VIRTUAL_ENV"] = str(built.path)
    return script(
        config,
        job_name=launch.project_name or "project",
        folder=folder,
        code=code,
        command=launch.command,
        environment=variables,
        path_prefix=[str(built.python.parent)] if built.path is not None else [],
    )


def _folder(config: SlurmConfig) -> Path:
    if config.folder:
        return Path(config.folder).expanduser().absolute()
    home = settings.HOME.get()
    data = Path(home) if home else Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", "headrace")
    return (data / "slurm").absolute()
