"""`replay`: a run of a project once more, from the same commit, lock, parameters and data, and what differs then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.client.data_checks import DataCheck, check_data
from headrace.client.mlflow_client import MlflowClient
from headrace.client.uri import get_tracking_uri
from headrace.entities import Run
from headrace.errors import InvalidValue
from headrace.projects import foreground, kept
from headrace.projects.differences import Differences, Side, between
from headrace.projects.kept import Files, Kept, kept_of, ready_from
from headrace.projects.launch import Progress
from headrace.projects.runner import Ready, config_of, say, start
from headrace.projects.sweeps.plan import plan_from

REPLAY_TAG = "headrace.replay.of"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """run_id: of the replay, original_id: of the run that it repeats. data: what became of the data that that one read.
    missing: sentences about what a replay takes on trust."""

    run_id: str
    original_id: str
    differences: Differences
    data: tuple[DataCheck, ...]
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "original_id": self.original_id,
            **self.differences.as_dict(),
            "data_checks": [
                {"name": each.name, "digest": each.digest, "verdict": each.verdict, "why": each.why or None}
                for each in self.data
            ],
            "missing": list(self.missing),
        }


def replay(
    run_id: str,
    *,
    experiment_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    backend: str | None = None,
    backend_config: Mapping[str, Any] | str | None = None,
    storage_dir: str | None = None,
    to_stderr: bool = False,
    progress: Progress | None = None,
) -> Replay:
    """Runs it in a new run, tagged with the original's id, and waits. Each argument: the original's if None.

    InvalidValue for a run that was no project's, CannotBeHad for a commit, its changes or an archive that is gone,
    RunFailed if the command fails.
    """
    tell = progress or say
    client = MlflowClient(get_tracking_uri())
    original = client.get_run(run_id)
    if plan_from(original.data.tags) is not None:
        raise InvalidValue("run_id", run_id, "this run is a sweep; replay one of its trials, or sweep with its seed.")
    files = kept.files_of(client, original.info.run_id)
    then = kept_of(original, files)
    known = then if env_manager is None else then.with_manager(env_manager)
    with foreground.interruptible(signals=True), ready_from(known, files, tell) as ready:
        missing = _missing(known, files)
        for sentence in missing:
            tell(sentence)
        checks = _checks(original, ready)
        for check in checks:
            if check.verdict != "same":
                tell(f"Data {check.name!r} ({check.digest}) is {check.verdict}: {check.why}")
        handle = start(
            ready,
            known.entry_point,
            _parameters(known, ready),
            experiment_id=experiment_id or original.info.experiment_id,
            run_name=run_name or f"{original.info.run_name}-replay",
            tags={REPLAY_TAG: original.info.run_id},
            backend=backend or known.backend,
            backend_config=config_of(backend_config),
            storage_dir=storage_dir,
            to_stderr=to_stderr,
            progress=tell,
        )
        foreground.wait(handle)
    made = client.get_run(handle.run_id)
    made_files = kept.files_of(client, handle.run_id)
    differences = between(
        Side(run=original, kept=then if files.launch else None, packages=files.packages),
        Side(run=made, kept=kept_of(made, made_files), packages=made_files.packages),
        {each.name: each for each in checks},
    )
    return Replay(
        run_id=handle.run_id,
        original_id=original.info.run_id,
        differences=differences,
        data=tuple(checks),
        missing=tuple(missing),
    )


def _missing(known: Kept, files: Files) -> list[str]:
    found = []
    if known.commit is None and known.archive is None:
        found.append(f"No commit was recorded: {known.name} is run as it is now")
    if files.launch is None:
        found.append("The run keeps no record of its launch: parameters are those that the project declares")
    if files.lock is None and known.manager not in (None, "local"):
        found.append("The run had no lock: its environment is resolved anew. `headrace lock` fixes one for later runs")
    return found


def _checks(original: Run, ready: Ready) -> list[DataCheck]:
    records = {(each.dataset.name, each.dataset.digest): each.dataset for each in original.inputs.dataset_inputs}
    return [check_data(record, ready.source.folder) for record in records.values()]


def _parameters(known: Kept, ready: Ready) -> dict[str, str]:
    """As the caller gave them. A relative path began in the caller's folder; where it led is known."""
    point = ready.project.entry_point(known.entry_point)
    if known.given_parameters is None:
        return {name: value for name, value in known.parameters.items() if name in point.parameters}
    found = dict(known.given_parameters)
    for name in found:
        declared, resolved = point.parameters.get(name), known.parameters.get(name)
        if declared is not None and declared.type == "path" and resolved and Path(resolved).exists():
            found[name] = resolved
    return found
