"""`run`: from a URI to a run in a backend, and what others build on: `prepare` once, `start` as often as wanted."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from headrace import settings
from headrace.client.active_run import active_run
from headrace.client.experiments import current_experiment_id
from headrace.client.mlflow_client import MlflowClient
from headrace.client.open import tracking_store
from headrace.client.uri import get_tracking_uri
from headrace.entities import Param, RunStatus, RunTag
from headrace.errors import InvalidValue
from headrace.projects import environment, evidence, foreground, mlproject, source
from headrace.projects.backends import base
from headrace.projects.commands import command
from headrace.projects.launch import Launch, Progress, ProjectEnvironment, Source
from headrace.projects.mlproject import MLproject
from headrace.projects.parameters import check, located
from headrace.projects.recorded import RecordedRun
from headrace.projects.serve_store import served
from headrace.projects.source_cache import remove, working_copy
from headrace.projects.submitted import SubmittedRun
from headrace.projects.tags import of_environment, of_source

_PARAMS_AT_ONCE = 100  # that one request may log


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A project that is fetched and read, whose environment is chosen. Starts any number of runs.

    env_manager: as it was asked for."""

    source: Source
    project: MLproject
    environment: ProjectEnvironment
    env_manager: str | None = None


def prepare(
    uri: str | os.PathLike[str],
    *,
    version: str | None = None,
    env_manager: str | None = None,
    progress: Progress | None = None,
) -> Ready:
    """Fetches the project, or finds it fetched, and reads its MLproject. Makes no run and builds no environment."""
    tell = progress or say
    found = source.fetch(os.fspath(uri), version, tell)
    project = mlproject.read(found.folder)
    chosen = environment.choose(project, env_manager, tell)
    return Ready(source=found, project=project, environment=chosen, env_manager=env_manager)


class Wishes(TypedDict, total=False):
    """What a launch gets as it is; see Launch."""

    backend_config: Mapping[str, Any]
    docker_args: Mapping[str, str | bool]
    docker_auth: Mapping[str, str] | None
    build_image: bool
    interactive: bool
    quiet: bool
    to_stderr: bool


def start(
    ready: Ready,
    entry_point: str = "main",
    parameters: Mapping[str, Any] | None = None,
    *,
    experiment_id: str,
    run_id: str | None = None,
    run_name: str | None = None,
    parent_run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    backend: str = "local",
    storage_dir: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **wishes: Unpack[Wishes],
) -> RecordedRun:
    """Checks the parameters, makes the run (or takes run_id) and hands it to the backend; doesn't wait.

    The handle settles the run's status by itself, also if nobody waits. tags: on top of those that MLflow sets.
    """
    tell, given = progress or say, {str(key): value for key, value in (parameters or {}).items()}
    point = ready.project.entry_point(entry_point)
    values = check(point, given, ready.source.folder)
    command(point, values.declared, values.extra)  # what can't be quoted is refused before there is a run
    chosen = base.find(backend)
    if not isinstance(chosen, base.Backend):
        raise InvalidValue("backend", backend, "a plugin of MLflow's makes its runs itself; it works with run() alone.")
    client = MlflowClient(get_tracking_uri())
    settled = {**of_environment(ready.environment, backend), **(tags or {})}
    is_made = run_id is None
    if run_id is None:
        found = of_source(ready.source, entry_point, parent_run_id or _active_run_id())
        run_id = client.create_run(experiment_id, None, {**found, **settled}, run_name).info.run_id
    else:
        experiment_id = _reopened(client, run_id, settled, run_name)
    tell(f"Run {run_id}: {entry_point} of {ready.source.name}")
    with _ended_if_it_fails(client, run_id), ExitStack() as stack:
        if is_made:
            _log(client, run_id, values.logged())
        storage = _storage(storage_dir)
        working = stack.enter_context(working_copy(ready.source, storage))
        downloads = stack.enter_context(_downloads(storage, run_id, keep=storage_dir is not None))
        values = located(point, values, given, working.folder, downloads)
        launch = Launch(
            run_id=run_id,
            experiment_id=experiment_id,
            tracking_uri=client.tracking_uri,
            project_name=ready.project.name,
            entry_point=entry_point,
            parameters=values.all,
            command=command(point, values.declared, values.extra),
            variables=_variables(run_id, experiment_id, stack.enter_context(served(client.tracking_uri))),
            environment=ready.environment,
            source=working,
            backend=backend,
            storage_dir=storage,
            progress=tell,
            **wishes,
        )
        evidence.keep(client, launch, given, ready.env_manager)
        return RecordedRun(chosen.submit(launch), client.tracking_uri, tell, stack.pop_all().close)


def run(
    uri: str | os.PathLike[str],
    entry_point: str = "main",
    version: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    docker_args: Mapping[str, str | bool] | None = None,
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    backend: str = "local",
    backend_config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    storage_dir: str | os.PathLike[str] | None = None,
    synchronous: bool = True,
    run_id: str | None = None,
    run_name: str | None = None,
    env_manager: str | None = None,
    build_image: bool = False,
    docker_auth: Mapping[str, str] | None = None,
    *,
    tags: Mapping[str, str] | None = None,
    to_stderr: bool = False,
    progress: Progress | None = None,
) -> SubmittedRun:
    """Runs a project as a run of the tracking URI.

    uri: folder, file:, git over https or ssh, zip or tar, `runs:/…`; `#folder` at its end names a folder inside.
    version: branch, tag or commit. backend_config: mapping, or path of a JSON file. env_manager: local, uv, virtualenv
    or conda; None: what the project's environment file asks for. to_stderr: where the command's output is shown.
    progress: gets what there is to tell; standard error without it.
    synchronous: waits, and raises RunFailed if the command didn't succeed; Ctrl-C and SIGTERM end it. Otherwise the
    handle returns at once, and the end of this process waits for it.
    """
    wishes: Wishes = {
        "backend_config": config_of(backend_config),
        "docker_args": dict(docker_args or {}),
        "docker_auth": docker_auth,
        "build_image": build_image,
        "interactive": synchronous,
        "to_stderr": to_stderr,
    }
    with foreground.interruptible(signals=synchronous):
        experiment = chosen_experiment(experiment_name, experiment_id)
        if isinstance(base.find(backend), base.Backend):
            handle = start(
                prepare(uri, version=version, env_manager=env_manager, progress=progress),
                entry_point,
                parameters,
                experiment_id=experiment,
                run_id=run_id,
                run_name=run_name,
                tags=tags,
                backend=backend,
                storage_dir=storage_dir,
                progress=progress,
                **wishes,
            )
        else:
            given: dict[str, Any] = {
                "uri": os.fspath(uri),
                "entry_point": entry_point,
                "version": version,
                "env_manager": env_manager,
            }
            given |= {"parameters": parameters or {}, "experiment_id": experiment, "run_name": run_name}
            handle = _by_plugin(backend, progress or say, storage_dir, given, wishes)
        if synchronous:
            foreground.wait(handle)
        return handle


def _by_plugin(
    name: str, progress: Progress, storage_dir: str | os.PathLike[str] | None, given: dict[str, Any], wishes: Wishes
) -> RecordedRun:
    """By a backend of MLflow's shape, which fetches the project and makes the run."""
    from headrace.projects.backends.plugins import submit

    chosen, uri = base.find(name), get_tracking_uri()
    assert not isinstance(chosen, base.Backend)
    inner = submit(
        chosen,
        name,
        **given,
        tracking_uri=uri,
        synchronous=wishes["interactive"],
        storage_dir=None if storage_dir is None else os.fspath(storage_dir),
        backend_config=wishes["backend_config"],
        docker_args=wishes["docker_args"],
        docker_auth=wishes["docker_auth"],
        build_image=wishes["build_image"],
    )
    return RecordedRun(inner, uri, progress, lambda: None)


def chosen_experiment(name: str | None = None, experiment_id: str | None = None) -> str:
    """The id: of the name (made if missing), or the id itself (it must exist), else what new runs go to."""
    if name and experiment_id:
        raise InvalidValue(message="Give one of experiment_name and experiment_id, not both.")
    if name:
        return tracking_store().ensure_experiment(name).experiment_id
    if experiment_id:
        return tracking_store().get_experiment(str(experiment_id)).experiment_id
    return current_experiment_id()


def config_of(given: str | os.PathLike[str] | Mapping[str, Any] | None) -> dict[str, Any]:
    """A backend's config: a mapping, or a JSON file that holds one."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    path = Path(given)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidValue("backend_config", str(path), f"this file can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise InvalidValue("backend_config", str(path), f"this file isn't JSON: {error}.") from None
    if not isinstance(found, dict):
        raise InvalidValue("backend_config", str(path), "the file must hold a JSON object.")
    return found


def say(line: str) -> None:
    """The progress of callers who gave none."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _active_run_id() -> str | None:
    run = active_run()
    return None if run is None else run.info.run_id


def _reopened(client: MlflowClient, run_id: str, tags: Mapping[str, str], run_name: str | None) -> str:
    """Its experiment. A run that is there keeps its params and source: only what this start settles is added."""
    run = client.get_run(run_id)
    client.update_run(run_id, RunStatus.RUNNING.name, run_name)
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    return run.info.experiment_id


def _log(client: MlflowClient, run_id: str, values: Mapping[str, str]) -> None:
    params = [Param(key, value) for key, value in values.items()]
    for at in range(0, len(params), _PARAMS_AT_ONCE):
        client.log_batch(run_id, params=params[at : at + _PARAMS_AT_ONCE])


@contextmanager
def _ended_if_it_fails(client: MlflowClient, run_id: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        client.set_terminated(run_id, (RunStatus.KILLED if interrupted else RunStatus.FAILED).name)
        raise


def _storage(given: str | os.PathLike[str] | None) -> Path | None:
    """Where files of runs go; None: the system's temporary folder."""
    chosen = os.fspath(given) if given is not None else settings.STORAGE_DIR.get()
    if not chosen:
        return None
    path = Path(chosen).expanduser().absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _downloads(storage: Path | None, run_id: str, *, keep: bool) -> Iterator[Path]:
    """Where files that parameters name go, not made yet. Kept where the caller named the place."""
    folder = (storage or Path(tempfile.gettempdir())) / f"headrace-downloads-{run_id}"
    try:
        yield folder
    finally:
        if not keep:
            remove(folder)


def _variables(run_id: str, experiment_id: str, store: Mapping[str, str]) -> dict[str, str]:
    found = {
        **dict.fromkeys(settings.RUN_ID.names, run_id),
        **dict.fromkeys(settings.EXPERIMENT_ID.names, experiment_id),
        **store,
    }
    # A name that this process was given would speak against the experiment's id.
    return found | {name: "" for name in settings.EXPERIMENT_NAME.names if name in os.environ}
