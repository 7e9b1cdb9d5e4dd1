"""Where a version comes from, and what came of a run, a dataset, a commit or some content.

All of it is read where it is kept: the run and the logged model in the tracking store, the environment's lock in the
version's manifest. What is gone, or was never there, is left out. A tracking store that doesn't answer is an error:
half a lineage would look like a whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from headrace.entities import DatasetInput, FileRecord, ModelVersion, Projection, ViewType
from headrace.errors import InvalidValue, NotFound
from headrace.stores.base import TrackingStore
from headrace.stores.model_uris import is_models_uri, parse
from headrace.stores.registry import RegistryStore, versions_matching

LOCK, REQUIREMENTS = "requirements.lock", "requirements.txt"
GIT_COMMIT, GIT_BRANCH = "mlflow.source.git.commit", "mlflow.source.git.branch"
GIT_DIRTY, GIT_REPO = "mlflow.source.git.dirty", "mlflow.source.git.repoURL"
CONTEXT_TAG = "mlflow.data.context"
RUNS_AT_ONCE = 100  # in one filter
RUNS_PAGE = 1000
EXPERIMENTS_PAGE = 1000
EXPERIMENTS_AT_ONCE = 100
_ID_ONLY = Projection(metrics=[], params=[], tags=[], inputs=False)


@dataclass(frozen=True, kw_only=True)
class DatasetUse:
    name: str
    digest: str
    context: str | None = None


@dataclass(frozen=True, kw_only=True)
class Commit:
    """dirty: whether files differed from the commit when the run started."""

    commit: str
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool = False


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """environment: the file of the model that says what to install (its lock, or else its requirements), by name.
    params, metrics: of the logged model, over those of the run. copied_from: the version that this one is a copy of."""

    version: ModelVersion
    location: str
    run_id: str | None = None
    run_name: str | None = None
    run_status: str | None = None
    experiment_id: str | None = None
    model_id: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    datasets: tuple[DatasetUse, ...] = ()
    git: Commit | None = None
    environment: tuple[str, FileRecord] | None = None
    copied_from: tuple[str, str] | None = None


def lineage_of(registry: RegistryStore, tracking: TrackingStore, name: str, version: str) -> Lineage:
    """NotFound for a version that isn't there; a run or logged model that is gone is told by its id alone."""
    it = registry.get_model_version(name, version)
    run = model = None
    if it.run_id:
        try:
            run = tracking.get_run(it.run_id)
        except NotFound:
            run = None
    if it.model_id:
        try:
            model = tracking.get_logged_model(it.model_id)
        except NotFound:
            model = None
    manifest = registry.get_version_manifest(name, version)
    files = {} if manifest is None else manifest.files
    environment = next(((file, files[file]) for file in (LOCK, REQUIREMENTS) if file in files), None)
    points = [] if model is None else sorted(model.metrics or [], key=lambda each: (each.timestamp, each.step))
    return Lineage(
        version=it,
        location=registry.get_model_version_download_uri(name, version),
        run_id=it.run_id or None,
        run_name=None if run is None else run.info.run_name,
        run_status=None if run is None else run.info.status,
        experiment_id=None if run is None else run.info.experiment_id,
        model_id=it.model_id,
        params={**(run.data.params if run else {}), **(model.params if model else {})},
        metrics={**(run.data.metrics if run else {}), **{each.key: each.value for each in points}},
        datasets=() if run is None else tuple(_datasets(run.inputs.dataset_inputs)),
        git=None if run is None else _commit(run.data.tags),
        environment=environment,
        copied_from=_copied_from(it.source),
    )


def versions_from(
    registry: RegistryStore,
    tracking: TrackingStore,
    *,
    run_id: str | None = None,
    dataset_digest: str | None = None,
    git_commit: str | None = None,
    digest: str | None = None,
) -> list[ModelVersion]:
    """The versions that came of exactly one of these, newest first. digest: of a manifest. git_commit: all of its
    digits. Runs that were deleted count, too."""
    given = {"run_id": run_id, "dataset_digest": dataset_digest, "git_commit": git_commit, "digest": digest}
    named = [name for name, value in given.items() if value]
    if len(named) != 1:
        raise InvalidValue("lineage", named, f"exactly one of {', '.join(given)} is asked for.")
    if digest:
        return _newest_first(versions_matching(registry, f"digest = {_quoted('digest', digest)}"))
    if run_id:
        return _newest_first(versions_matching(registry, f"run_id = {_quoted('run_id', run_id)}"))
    if dataset_digest:
        runs = _runs(tracking, f"dataset.digest = {_quoted('dataset_digest', dataset_digest)}")
    else:
        runs = _runs(tracking, f"tags.`{GIT_COMMIT}` = {_quoted('git_commit', git_commit or '')}")
    found: list[ModelVersion] = []
    while batch := list(islice(runs, RUNS_AT_ONCE)):
        wanted = ", ".join(_quoted("run_id", each) for each in batch)
        found += versions_matching(registry, f"run_id IN ({wanted})")
    return _newest_first(found)


def _datasets(inputs: Sequence[DatasetInput]) -> Iterator[DatasetUse]:
    for each in inputs:
        context = next((tag.value for tag in each.tags if tag.key == CONTEXT_TAG), None)
        yield DatasetUse(name=each.dataset.name, digest=each.dataset.digest, context=context)


def _commit(tags: dict[str, str]) -> Commit | None:
    commit = tags.get(GIT_COMMIT)
    if not commit:
        return None
    return Commit(
        commit=commit,
        branch=tags.get(GIT_BRANCH),
        repo_url=tags.get(GIT_REPO),
        dirty=tags.get(GIT_DIRTY, "").lower() == "true",
    )


def _copied_from(source: str) -> tuple[str, str] | None:
    if not is_models_uri(source):
        return None
    try:
        address = parse(source)
    except InvalidValue:
        return None
    return (address.name, address.version) if address.name and address.version else None


def _runs(tracking: TrackingStore, filter_string: str) -> Iterator[str]:
    for ids in _experiments(tracking):
        token: str | None = None
        while True:
            page = tracking.search_runs(
                ids, filter_string, ViewType.ALL, RUNS_PAGE, page_token=token, projection=_ID_ONLY
            )
            yield from (run.info.run_id for run in page)
            token = page.token
            if token is None:
                break


def _experiments(tracking: TrackingStore) -> Iterator[list[str]]:
    token: str | None = None
    while True:
        page = tracking.search_experiments(ViewType.ALL, EXPERIMENTS_PAGE, page_token=token)
        ids = iter([each.experiment_id for each in page])
        while batch := list(islice(ids, EXPERIMENTS_AT_ONCE)):
            yield batch
        token = page.token
        if token is None:
            return


def _newest_first(versions: Iterable[ModelVersion]) -> list[ModelVersion]:
    return sorted(versions, key=lambda each: (-each.creation_timestamp, each.name, -int(each.version)))


def _quoted(field_name: str, value: str) -> str:
    if "'" not in value:
        return f"'{value}'"
    if '"' not in value:
        return f'"{value}"'
    raise InvalidValue(field_name, value, "it holds both kinds of quotes, which no filter can.")
