"""`sweep` and `resume`: from a project and a plan to trials that ended and a parent run that tells of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.client.mlflow_client import MlflowClient
from headrace.client.uri import get_tracking_uri
from headrace.entities import RunStatus
from headrace.errors import HeadraceError, InvalidValue
from headrace.projects import environment, foreground, kept
from headrace.projects.backends import base
from headrace.projects.launch import Progress
from headrace.projects.recorded import RecordedRun
from headrace.projects.runner import Ready, chosen_experiment, config_of, prepare, say
from headrace.projects.runner import start as start_run
from headrace.projects.serve_store import served
from headrace.projects.sweeps import checks, parent, summary, trial
from headrace.projects.sweeps.book import book_of
from headrace.projects.sweeps.conductor import Conductor, MetricMissing
from headrace.projects.sweeps.outcome import Standing, SweepResult
from headrace.projects.sweeps.parent import Found, Place
from headrace.projects.sweeps.plan import Direction, Plan, Wishes, extended, plan_of
from headrace.projects.sweeps.proposals import proposer_of
from headrace.projects.sweeps.space import Given, text_of

Changed = Callable[[Standing], None]


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """Where trials run, and who hears of it."""

    ready: Ready
    entry_point: str
    place: Place
    config: Mapping[str, Any]
    experiment_id: str
    run_id: str
    run_name: str
    tell: Progress
    changed: Changed


def sweep(
    uri: str | os.PathLike[str],
    parameters: Mapping[str, Given],
    kind: str = "grid",
    entry_point: str = "main",
    *,
    version: str | None = None,
    metric: str | None = None,
    direction: Direction | None = None,
    trials: int | None = None,
    jobs: int = 1,
    seed: int | None = None,
    pruner: str | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    run_name: str | None = None,
    backend: str = "local",
    backend_config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    docker_args: Mapping[str, str | bool] | None = None,
    build_image: bool = False,
    storage_dir: str | os.PathLike[str] | None = None,
    env_manager: str | None = None,
    progress: Progress | None = None,
    changed: Changed | None = None,
) -> SweepResult:
    """Runs a project many times, `jobs` at a time, each time as a run below one parent run, and waits for all.

    parameters: a list of values, or a text as `-P` takes it: "0.1,0.01", "log:1e-4..1e-1", "int:2..8". kind: "grid",
    "random:N", "optuna" or "optuna:SAMPLER". metric: what is compared, by its last value; needed for Optuna, with
    direction "minimize" or "maximize". seed: drawn if None, and kept. pruner: what ends hopeless trials: "none",
    "median" (the default with Optuna), "hyperband" or "halving". progress, changed: get talk, and how far the sweep is.

    A trial that fails is counted and doesn't end the sweep. An interruption ends all trials; `resume` goes on.
    """
    _refuse_jobs(jobs)
    tell = progress or say
    wishes = Wishes(kind=kind, trials=trials, metric=metric, direction=direction, pruner=pruner, seed=seed)
    plan = plan_of(wishes, {name: text_of(name, given) for name, given in parameters.items()})
    proposer_of(plan)  # what it needs and isn't installed is told before anything is made
    config = config_of(backend_config)
    if not isinstance(base.find(backend), base.Backend):
        raise InvalidValue("backend", backend, "a plugin of MLflow's makes its runs itself, so it has no sweeps.")
    with foreground.signals_raise():
        experiment = chosen_experiment(experiment_name, experiment_id)
        ready = prepare(uri, version=version, env_manager=env_manager, progress=progress)
        checks.refuse_unfit(ready, entry_point, plan)
        place = Place(
            backend=backend,
            configured=bool(config),
            docker_args=dict(docker_args or {}),
            build_image=build_image,
            storage_dir=None if storage_dir is None else str(Path(storage_dir).absolute()),
        )
        _build(ready, place, tell)
        run = parent.make(ready, plan, entry_point, place, experiment, run_name)
        stage = _Stage(
            ready=ready,
            entry_point=entry_point,
            place=place,
            config=config,
            experiment_id=experiment,
            run_id=run.info.run_id,
            run_name=run.info.run_name,
            tell=tell,
            changed=changed or _nobody,
        )
        return _conduct(stage, plan, None, jobs)


def resume(
    run_id: str,
    *,
    trials: int | None = None,
    jobs: int = 1,
    backend_config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    changed: Changed | None = None,
) -> SweepResult:
    """Goes on with a sweep that was interrupted, or that shall have more trials than before: trials that ended, failed
    and pruned ones too, aren't run again. The code is that of its start. backend_config isn't kept in runs: it is given
    anew where the sweep had one."""
    _refuse_jobs(jobs)
    tell, config = progress or say, config_of(backend_config)
    with foreground.signals_raise():
        found = parent.find(run_id)
        plan = extended(found.plan, trials)
        if found.place.configured and not config:
            raise InvalidValue(
                message=f"Sweep {run_id!r} was run with a --backend-config for {found.place.backend!r}, which runs "
                "don't keep, since it may hold secrets; give it again."
            )
        files = kept.files_of(MlflowClient(get_tracking_uri()), run_id)
        start = kept.kept_of(found.run, files)
        with kept.ready_from(start, files, tell) as ready:
            checks.refuse_unfit(ready, start.entry_point, plan)
            _build(ready, found.place, tell)
            parent.reopen(found, plan)
            stage = _Stage(
                ready=ready,
                entry_point=start.entry_point,
                place=found.place,
                config=config,
                experiment_id=found.run.info.experiment_id,
                run_id=run_id,
                run_name=found.run.info.run_name,
                tell=tell,
                changed=changed or _nobody,
            )
            return _conduct(stage, plan, found, jobs)


def _conduct(stage: _Stage, plan: Plan, found: Found | None, jobs: int) -> SweepResult:
    ended = found.ended if found else ()
    book = book_of(plan)
    proposer = proposer_of(plan, known=len(ended))
    for each in ended:
        proposer.remember(each, book.points(each.run_id) if plan.pruner != "none" else [])
    conductor = Conductor(
        plan,
        proposer,
        lambda number, parameters: _begin(stage, number, parameters),
        book,
        ended=ended,
        again=found.again if found else {},
        tell=stage.tell,
        changed=stage.changed,
    )
    drawn = "" if plan.kind == "grid" else f", seed {plan.seed}"
    stage.tell(f"Sweep {stage.run_id}: {plan.trials} trials of {stage.entry_point}, {plan.kind}{drawn}")
    try:
        # One server for all trials, in place of one for each.
        with parent.conducted(stage.run_id), served(get_tracking_uri()):
            conductor.conduct(jobs)
    except BaseException as error:
        if not isinstance(error, MetricMissing):
            stage.tell(f"The sweep was stopped. To go on with it: headrace run --resume {stage.run_id}")
        try:
            _end(stage, plan, conductor, RunStatus.FAILED if isinstance(error, HeadraceError) else RunStatus.KILLED)
        except HeadraceError as another:  # what stopped the sweep may be the store itself
            stage.tell(f"How far the sweep came couldn't be noted: {another.message}")
        raise
    finished = any(each.state == "finished" for each in conductor.trials)
    return _end(stage, plan, conductor, RunStatus.FINISHED if finished else RunStatus.FAILED)


def _end(stage: _Stage, plan: Plan, conductor: Conductor, status: RunStatus) -> SweepResult:
    result = SweepResult(run_id=stage.run_id, plan=plan, trials=conductor.trials)
    summary.write(result)
    parent.end(stage.run_id, status)
    return result


def _begin(stage: _Stage, number: int, parameters: Mapping[str, str]) -> RecordedRun:
    return start_run(
        stage.ready,
        stage.entry_point,
        parameters,
        experiment_id=stage.experiment_id,
        parent_run_id=stage.run_id,
        run_name=f"{stage.run_name}-{number}",
        tags=trial.tags_of(number, parameters),
        backend=stage.place.backend,
        backend_config=stage.config,
        docker_args=stage.place.docker_args,
        build_image=stage.place.build_image,
        storage_dir=stage.place.storage_dir,
        quiet=True,
        progress=_silent,
    )


def _build(ready: Ready, place: Place, tell: Progress) -> None:
    """Once, before the first trial: trials that find it built take no time over it, and say nothing."""
    if place.backend == "local" and ready.environment.docker is None:
        environment.built(ready.environment, tell)


def _refuse_jobs(jobs: int) -> None:
    if jobs < 1:
        raise InvalidValue("--jobs", jobs, "at least one trial runs at a time; the number of cores is a good choice.")


def _silent(line: str) -> None:
    del line


def _nobody(standing: Standing) -> None:
    del standing
