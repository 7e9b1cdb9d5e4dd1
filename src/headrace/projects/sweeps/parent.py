"""The run above a sweep's trials: made, looked up to go on, kept alive, ended.

Who conducts a sweep says so in a tag every half a minute, so that nobody else goes on with it meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from headrace import clock
from headrace.client.active_run import active_run
from headrace.client.mlflow_client import MlflowClient
from headrace.client.tags import MLFLOW_PARENT_RUN_ID
from headrace.client.uri import get_tracking_uri
from headrace.entities import LifecycleStage, Param, Run, RunStatus
from headrace.entities.limits import MAX_PARAM_VALUE_CHARS
from headrace.errors import HeadraceError, InvalidState, InvalidValue
from headrace.projects import evidence
from headrace.projects.launch import Launch
from headrace.projects.runner import Ready
from headrace.projects.sweeps.plan import Plan, plan_from
from headrace.projects.sweeps.trial import NUMBER_TAG, Trial, trial_of
from headrace.projects.tags import of_environment, of_source

PLACE_TAG = "headrace.sweep.place"
CONDUCTED_TAG = "headrace.sweep.conducted_by"
BEAT_S = 30.0
SILENT_MS = 150_000  # some beats: a store that is slow for a while doesn't end a sweep
_PAGE = 1000

_conducted_here: set[str] = set()  # by this process, just now


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the trials run. A backend's configuration may hold secrets, so only that there is one is kept."""

    backend: str = "local"
    configured: bool = False
    docker_args: dict[str, str | bool] = msgspec.field(default_factory=dict)
    build_image: bool = False
    storage_dir: str | None = None


class _Beat(msgspec.Struct, frozen=True):
    host: str
    pid: int
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """A sweep that is to go on. again: parameters of the interrupted trials, by number."""

    run: Run
    plan: Plan
    place: Place
    ended: tuple[Trial, ...]
    again: Mapping[int, Mapping[str, str]]
    abandoned: tuple[Trial, ...]


def make(ready: Ready, plan: Plan, entry_point: str, place: Place, experiment_id: str, run_name: str | None) -> Run:
    client, outer = MlflowClient(get_tracking_uri()), active_run()
    tags = {
        **of_source(ready.source, entry_point, None if outer is None else outer.info.run_id),
        **of_environment(ready.environment, place.backend),
        **plan.as_tags(),
        PLACE_TAG: msgspec.json.encode(place).decode(),
        CONDUCTED_TAG: _beat(),
    }
    run = client.create_run(experiment_id, None, tags, run_name)
    client.log_batch(
        run.info.run_id, params=[Param(key, text[:MAX_PARAM_VALUE_CHARS]) for key, text in plan.texts.items()]
    )
    _keep(client, run, ready, plan, entry_point, place)
    return run


def _keep(client: MlflowClient, run: Run, ready: Ready, plan: Plan, entry_point: str, place: Place) -> None:
    launch = Launch(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        tracking_uri=client.tracking_uri,
        project_name=ready.project.name,
        entry_point=entry_point,
        parameters={},
        command="",
        variables={},
        environment=ready.environment,
        source=ready.source,
        backend=place.backend,
    )
    evidence.keep(client, launch, plan.texts, ready.env_manager)


def find(run_id: str) -> Found:
    """InvalidValue for a run that is no sweep, InvalidState for one that is conducted just now."""
    client = MlflowClient(get_tracking_uri())
    run = client.get_run(run_id)
    tags = run.data.tags
    plan = plan_from(tags)
    if plan is None:
        hint = "`headrace runs list --filter \"tags.`headrace.sweep` != ''\"` shows those that are."
        if NUMBER_TAG in tags and MLFLOW_PARENT_RUN_ID in tags:
            hint = f"It is a trial of one: go on with --resume {tags[MLFLOW_PARENT_RUN_ID]}."
        raise InvalidValue("--resume", run_id, f"this run is no sweep. {hint}")
    if run.info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(message=f"Sweep {run_id!r} is deleted; restore it first: headrace runs restore {run_id}")
    _refuse_conducted(run)
    trials = list(_trials(client, run, plan.metric))
    ended = {trial.number: trial for trial in trials if trial.ended and trial.number < plan.trials}
    open_ones = [trial for trial in trials if not trial.ended and trial.number not in ended]
    return Found(
        run=run,
        plan=plan,
        place=msgspec.json.decode(tags.get(PLACE_TAG, "{}"), type=Place),
        ended=tuple(sorted(ended.values(), key=lambda trial: trial.number)),
        again={trial.number: trial.parameters for trial in open_ones},
        abandoned=tuple(trial for trial in trials if trial.state == "running"),
    )


def reopen(found: Found, plan: Plan) -> None:
    """The runs that a sweep left open when it died are ended: they are run again, as runs of their own."""
    client, run_id = MlflowClient(get_tracking_uri()), found.run.info.run_id
    for trial in found.abandoned:
        client.set_terminated(trial.run_id, RunStatus.KILLED.name)
    for key, value in {**plan.as_tags(), CONDUCTED_TAG: _beat()}.items():
        client.set_tag(run_id, key, value)
    client.update_run(run_id, RunStatus.RUNNING.name)


@contextmanager
def conducted(run_id: str) -> Iterator[None]:
    """Meanwhile the run says that this process conducts it."""
    over, client = threading.Event(), MlflowClient(get_tracking_uri())

    def beat() -> None:
        while not over.wait(BEAT_S):
            with contextlib.suppress(HeadraceError):  # a store that is away for a while; the next beat tells it
                client.set_tag(run_id, CONDUCTED_TAG, _beat())

    thread = threading.Thread(target=beat, name="headrace-sweep-beat", daemon=True)
    thread.start()
    _conducted_here.add(run_id)
    try:
        yield
    finally:
        _conducted_here.discard(run_id)
        over.set()
        thread.join()


def end(run_id: str, status: RunStatus) -> None:
    MlflowClient(get_tracking_uri()).set_terminated(run_id, status.name)


def _trials(client: MlflowClient, run: Run, metric: str | None) -> Iterator[Trial]:
    wanted, token = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run.info.run_id}'", None
    while True:
        page = client.search_runs([run.info.experiment_id], wanted, max_results=_PAGE, page_token=token)
        yield from filter(None, (trial_of(each, metric) for each in page))
        token = page.token
        if token is None:
            return


def _beat() -> str:
    return msgspec.json.encode(_Beat(platform.node(), os.getpid(), clock.now_ms())).decode()


def _refuse_conducted(run: Run) -> None:
    text = run.data.tags.get(CONDUCTED_TAG)
    if run.info.status != RunStatus.RUNNING.name or text is None:
        return
    last = msgspec.json.decode(text, type=_Beat)
    silent_ms = clock.now_ms() - last.at_ms
    here = last.host == platform.node()
    if here and last.pid == os.getpid() and run.info.run_id not in _conducted_here:
        return
    if silent_ms > SILENT_MS or (here and not _alive(last.pid)):
        return
    where = "this machine" if here else last.host
    raise InvalidState(
        message=f"Sweep {run.info.run_id!r} is conducted by process {last.pid} on {where}. End that first (Ctrl-C, "
        f"kill {last.pid}); if it died, wait until it has been silent for {SILENT_MS // 60_000} minutes."
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not Path("/proc").is_dir() or _state(pid) != "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
