"""The store on SQLite and PostgreSQL: each method is one function of a resource's module, run in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from headrace.entities import (
    AccessToken,
    Changes,
    ChartSeries,
    DatasetFilter,
    DatasetInput,
    DatasetSummary,
    Experiment,
    ExperimentTag,
    KeyKind,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ManifestEntry,
    Metric,
    ModelOrder,
    Page,
    Param,
    Projection,
    Role,
    Run,
    RunGroup,
    RunInfo,
    RunTag,
    User,
    ViewType,
    XAxis,
)
from headrace.errors import HeadraceError
from headrace.stores.base import AccessStore, ManifestStore, TrackingStore
from headrace.stores.documents import RunDocument
from headrace.stores.sql import (
    access,
    batch,
    experiment_search,
    experiments,
    inputs,
    live,
    manifest,
    metrics,
    model_search,
    models,
    run_keys,
    run_records,
    run_search,
    runs,
)
from headrace.stores.sql.amendments import SqlAmendments
from headrace.stores.sql.connection import Database, Engine, Work
from headrace.stores.sql.document_cache import DocumentCache
from headrace.stores.sql.journal import SqlJournal
from headrace.stores.sql.leases import SqlLeases
from headrace.stores.sql.registry.model_cache import ModelCache
from headrace.stores.sql.registry.store import SqlRegistry
from headrace.stores.sql.transactions import Transactions
from headrace.stores.sql.webhook_store import SqlWebhooks

T = TypeVar("T")


class _Experiments(Transactions, TrackingStore):
    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] = ()
    ) -> str:
        return self._write(experiments.create(self.artifact_root, name, artifact_location, tags))

    def ensure_experiment(self, name: str) -> Experiment:
        return self._write(experiments.ensure(self.artifact_root, name))

    def get_experiment(self, experiment_id: str) -> Experiment:
        return self._read(lambda db: experiments.by_id(db, experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        return self._read(lambda db: experiments.by_name(db, name))

    def search_experiments(
        self,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[Experiment]:
        return self._read(experiment_search.search(view_type, max_results, filter_string, order_by, page_token))

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        self._write(experiments.rename(experiment_id, new_name))

    def delete_experiment(self, experiment_id: str) -> None:
        self._write(experiments.move(experiment_id, delete=True))

    def restore_experiment(self, experiment_id: str) -> None:
        self._write(experiments.move(experiment_id, delete=False))

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        self._write(experiments.set_tag(experiment_id, key, value))

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        self._write(experiments.delete_tag(experiment_id, key))


class _Runs(Transactions, TrackingStore):
    def create_run(
        self,
        experiment_id: str,
        user_id: str = "",
        start_time: int = 0,
        tags: Sequence[RunTag] = (),
        run_name: str | None = None,
        run_id: str | None = None,
    ) -> Run:
        return self._write(runs.create(experiment_id, user_id, start_time, tags, run_name, run_id))

    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> RunInfo:
        return self._write(runs.update(run_id, status, end_time, run_name))

    def delete_run(self, run_id: str) -> None:
        self._write(runs.move(run_id, delete=True))

    def restore_run(self, run_id: str) -> None:
        self._write(runs.move(run_id, delete=False))

    def get_run(self, run_id: str) -> Run:
        return self._read(lambda db: run_records.get(db, run_id))

    def get_run_document(self, run_id: str) -> RunDocument:
        return self._read(lambda db: run_records.document_of(db, run_id, self.documents))

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
        projection: Projection | None = None,
    ) -> Page[Run]:
        wanted = run_search.search(experiment_ids, filter_string, view_type, max_results, order_by, page_token)

        def work(db: Database) -> Page[Run]:
            found = run_search.find(db, wanted)
            return Page(run_records.many(db, found.refs, projection or run_records.EVERYTHING), found.token)

        return self._read(work)

    def search_run_documents(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
        projection: Projection | None = None,
    ) -> Page[RunDocument]:
        wanted = run_search.search(experiment_ids, filter_string, view_type, max_results, order_by, page_token)

        def work(db: Database) -> Page[RunDocument]:
            found = run_search.find(db, wanted)
            return Page(
                run_records.documents(db, found.refs, projection or run_records.EVERYTHING, self.documents), found.token
            )

        return self._read(work)

    def count_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> int:
        chosen = run_search.selection(experiment_ids, filter_string, view_type)
        return self._read(lambda db: run_search.count(db, chosen))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        self._write(batch.log(run_id, metrics, params, tags, self.appended))

    def delete_tag(self, run_id: str, key: str) -> None:
        self._write(runs.delete_tag(run_id, key))

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        self._write(inputs.log(run_id, datasets, models))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._write(inputs.log_outputs(run_id, models))

    def record_model(self, run_id: str, model_json: str) -> None:
        self._write(runs.record_model(run_id, model_json))

    def search_datasets(self, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
        return self._read(inputs.summaries(experiment_ids))


class _Metrics(Transactions, TrackingStore):
    def get_metric_history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        return self._read(metrics.history(run_id, key, max_results, page_token))

    def get_metric_history_bulk(self, run_ids: Sequence[str], key: str, max_results: int) -> list[Metric]:
        return self._read(metrics.bulk(run_ids, key, max_results))

    def get_metric_history_interval(
        self,
        run_ids: Sequence[str],
        key: str,
        max_results: int,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> list[Metric]:
        return self._read(metrics.interval(run_ids, key, max_results, start_step, end_step))

    def chart(
        self,
        run_ids: Sequence[str],
        keys: Sequence[str],
        x_axis: XAxis = "step",
        start: int | None = None,
        end: int | None = None,
        buckets: int = 1000,
        since: Sequence[int] | None = None,
    ) -> list[ChartSeries]:
        return self._read(metrics.chart(run_ids, keys, x_axis, start, end, buckets, since))


class _Models(Transactions, TrackingStore):
    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] = (),
        params: Sequence[LoggedModelParameter] = (),
        model_type: str | None = None,
    ) -> LoggedModel:
        return self._write(models.create(experiment_id, name, source_run_id, tags, params, model_type))

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        return self._read(lambda db: models.get(db, model_id, allow_deleted))

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        return self._write(models.finalize(model_id, status))

    def delete_logged_model(self, model_id: str) -> None:
        self._write(models.delete(model_id))

    def log_logged_model_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        self._write(models.log_params(model_id, params))

    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        self._write(models.set_tags(model_id, tags))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        self._write(models.delete_tag(model_id, key))

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[DatasetFilter] = (),
        max_results: int = 100,
        order_by: Sequence[ModelOrder] = (),
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        return self._read(
            model_search.search(experiment_ids, filter_string, datasets, max_results, order_by, page_token)
        )


class _Live(Transactions, TrackingStore):
    def changes(self, since: str | None = None, experiment_ids: Sequence[str] = (), max_results: int = 1000) -> Changes:
        return self._read(live.changes(since, experiment_ids, max_results))

    def aggregate_runs(
        self,
        experiment_ids: Sequence[str],
        group_by: Sequence[str],
        metrics: Sequence[str] = (),
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
    ) -> list[RunGroup]:
        return self._read(live.aggregate(experiment_ids, group_by, metrics, filter_string, view_type, max_results))

    def run_keys(
        self,
        experiment_ids: Sequence[str],
        kind: KeyKind,
        contains: str = "",
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[str]:
        return self._read(run_keys.run_keys(experiment_ids, kind, contains, max_results, page_token))


class _Manifest(Transactions, ManifestStore):
    def record_artifact(self, entry: ManifestEntry) -> None:
        self._write(manifest.record(entry))

    def forget_artifacts(self, root: str, path: str = "") -> None:
        self._write(manifest.forget(root, path))

    def list_manifest(self, root: str, path: str = "") -> list[ManifestEntry]:
        return self._read(manifest.entries(root, path))


class _Access(Transactions, AccessStore):
    def create_user(self, username: str, role: Role, password_hash: str | None = None) -> User:
        return self._write(access.create_user(username, role, password_hash))

    def get_user(self, username: str) -> User | None:
        return self._read(lambda db: access.get_user(db, username))

    def list_users(self) -> list[User]:
        return self._read(access.list_users)

    def update_user(self, username: str, role: Role | None = None, password_hash: str | None = None) -> User:
        return self._write(access.update_user(username, role, password_hash))

    def delete_user(self, username: str) -> None:
        self._write(access.delete_user(username))

    def create_token(self, token: AccessToken) -> None:
        self._write(access.create_token(token))

    def get_token(self, token_id: str) -> AccessToken | None:
        return self._read(lambda db: access.get_token(db, token_id))

    def list_tokens(self, username: str) -> list[AccessToken]:
        return self._read(lambda db: access.list_tokens(db, username))

    def delete_token(self, token_id: str) -> None:
        self._write(access.delete_token(token_id))


class SqlTracking(_Experiments, _Runs, _Metrics, _Models, _Live, SqlAmendments):
    """What holds runs, without what only a server's store has."""

    def __init__(self, engine: Engine, artifact_root: str, appended: Callable[[], None]) -> None:
        """appended: told that there may be points to merge."""
        self.engine = engine
        self.artifact_root = artifact_root
        self.appended = appended
        self.documents = DocumentCache()

    def _read(self, work: Work[T]) -> T:
        return self.engine.read(work)

    def _write(self, work: Work[T]) -> T:
        return self.engine.write(work)

    def close(self) -> None:
        self.engine.close()


class SqlStore(
    SqlTracking,
    _Manifest,
    _Access,
    SqlWebhooks,
    SqlRegistry,
    SqlJournal,
    SqlLeases,
):
    """Also `SupportsSubmit`, `SupportsQuickReads` (on SQLite) and `SupportsDocuments`."""

    def __init__(self, engine: Engine, artifact_root: str, appended: Callable[[], None]) -> None:
        super().__init__(engine, artifact_root, appended)
        self.read_models = ModelCache()
        self.quick_reads = engine.dialect == "sqlite"

    def submit(self, method: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        planner = _Planner(self)
        try:
            getattr(planner, method)(*args, **kwargs)
        except HeadraceError as error:
            refused: Future[Any] = Future()
            refused.set_exception(error)
            return refused
        assert planner.work is not None, f"{method} is no write"
        return self.engine.submit(planner.work)


class _Planner(SqlStore):
    """Checks a write's arguments, as the store does, and keeps the work instead of doing it."""

    work: Work[Any] | None = None

    def __init__(self, store: SqlStore) -> None:
        self.artifact_root, self.appended = store.artifact_root, store.appended

    def _write(self, work: Work[T]) -> T:
        self.work = work
        return cast(T, None)
