"""What a tracking store promises: one abstract class per resource, `TrackingStore` for all of them.

For every store (memory, SQL, REST client):
- Thread safe; any method from any thread. Returned records are frozen and the caller's own.
- A write is durable, and seen by every later read of any client, when the method returns. It happens whole or not
  at all.
- Errors: InvalidValue for what the caller got wrong (limits and key rules of `entities.limits`, filters of `query`),
  NotFound for unknown ids, InvalidState for writes to deleted entities, StoreUnavailable for a store that can't
  answer. Texts name field, value, what is allowed.
- Names and ids are compared exactly. Order and ties are those of the search contract; `evaluate` in `query` is
  the oracle.
- Page tokens are opaque; a token of another search (filter, order, experiments) or garbage is
  InvalidValue("page_token"). A full last page has no token.
- Metric values: an infinity is stored and compared as ±1.7976931348623157e308; NaN equals NaN and comes after all
  numbers, also where a point is compared by (step, timestamp, value).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol, runtime_checkable

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


class ExperimentStore(ABC):
    """Experiment "0", "Default", exists in a fresh store. Ids count up and are never used again."""

    @abstractmethod
    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] = ()
    ) -> str:
        """The new id. AlreadyExists if the name is taken, also by a deleted experiment."""

    @abstractmethod
    def ensure_experiment(self, name: str) -> Experiment:
        """The experiment of that name, made if it is missing, in one step: concurrent callers get the same one.
        InvalidState if it is deleted."""

    @abstractmethod
    def get_experiment(self, experiment_id: str) -> Experiment:
        """Deleted ones too. InvalidValue unless the id is a decimal integer."""

    @abstractmethod
    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """Deleted ones too."""

    @abstractmethod
    def search_experiments(
        self,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[Experiment]: ...

    @abstractmethod
    def rename_experiment(self, experiment_id: str, new_name: str) -> None: ...

    @abstractmethod
    def delete_experiment(self, experiment_id: str) -> None:
        """Marks it and its runs deleted. NotFound if unknown or already deleted."""

    @abstractmethod
    def restore_experiment(self, experiment_id: str) -> None:
        """Restores it and all of its runs. NotFound if unknown or not deleted."""

    @abstractmethod
    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None: ...

    @abstractmethod
    def delete_experiment_tag(self, experiment_id: str, key: str) -> None: ...


class RunStore(ABC):
    @abstractmethod
    def create_run(
        self,
        experiment_id: str,
        user_id: str = "",
        start_time: int = 0,
        tags: Sequence[RunTag] = (),
        run_name: str | None = None,
        run_id: str | None = None,
    ) -> Run:
        """run_id given: idempotent; a second call with it returns the run as it is (InvalidValue if it belongs to
        another experiment). Tags aren't checked against the key rules, a repeated key is IntegrityViolation."""

    @abstractmethod
    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> RunInfo:
        """None and an empty name leave a field as it is; a name also sets tag mlflow.runName."""

    @abstractmethod
    def delete_run(self, run_id: str) -> None: ...

    @abstractmethod
    def restore_run(self, run_id: str) -> None: ...

    @abstractmethod
    def get_run(self, run_id: str) -> Run: ...

    @abstractmethod
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
        """No experiment_ids = no runs; unknown ids are ignored, ids that aren't integers are InvalidValue."""

    @abstractmethod
    def count_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> int: ...

    @abstractmethod
    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        """All or nothing. A param that is there with another value is InvalidValue, with the same one a no-op.
        A repeated tag key: the last wins; a repeated param key is InvalidValue. Limits: `entities.limits`."""

    def log_metric(self, run_id: str, metric: Metric) -> None:
        self.log_batch(run_id, metrics=(metric,))

    def log_param(self, run_id: str, param: Param) -> None:
        self.log_batch(run_id, params=(param,))

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """mlflow.runName also renames the run."""
        self.log_batch(run_id, tags=(tag,))

    @abstractmethod
    def delete_tag(self, run_id: str, key: str) -> None: ...

    @abstractmethod
    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        """A dataset is kept once per (experiment, name, digest); logging it to a run again keeps the first tags."""

    @abstractmethod
    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None: ...

    @abstractmethod
    def record_model(self, run_id: str, model_json: str) -> None:
        """MLflow 2's log-model: appends to the JSON list in tag mlflow.log-model.history."""

    @abstractmethod
    def search_datasets(self, experiment_ids: Sequence[str]) -> list[DatasetSummary]: ...


class MetricStore(ABC):
    @abstractmethod
    def get_metric_history(
        self, run_id: str, key: str, max_results: int | None = None, page_token: str | None = None
    ) -> Page[Metric]:
        """Every distinct point, by (timestamp, step, value). Unknown run or key: empty."""

    @abstractmethod
    def get_metric_history_bulk(self, run_ids: Sequence[str], key: str, max_results: int) -> list[Metric]:
        """Points of several runs (run_id set), by (run_id, timestamp, step, value); max_results in all, never more
        than 25,000."""

    @abstractmethod
    def get_metric_history_interval(
        self,
        run_ids: Sequence[str],
        key: str,
        max_results: int,
        start_step: int | None = None,
        end_step: int | None = None,
    ) -> list[Metric]:
        """Per run, in the order asked, at most max_results points (run_id set): evenly sampled by rank, first and last
        kept, by (step, timestamp, value)."""

    @abstractmethod
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
        """One ChartSeries per (run, key) that has points in [start, end] (both included, None = open), extremes exact.
        Buckets cut the range of x that is asked, or that all of the answered series span where it is open, by
        `sampling.bucket_width`. since: of each key of the first run, then of the next. Buckets cut what the series has
        from there on to `end`, or to its last x, and may be none; `total` still counts the whole range."""


class LoggedModelStore(ABC):
    @abstractmethod
    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] = (),
        params: Sequence[LoggedModelParameter] = (),
        model_type: str | None = None,
    ) -> LoggedModel:
        """PENDING. A random name if none."""

    @abstractmethod
    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel: ...

    @abstractmethod
    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel: ...

    @abstractmethod
    def delete_logged_model(self, model_id: str) -> None:
        """It is hidden from reads from then on, but written as ever, as in MLflow; deleted again without an error."""

    @abstractmethod
    def log_logged_model_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        """A key that is there already is IntegrityViolation."""

    @abstractmethod
    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None: ...

    @abstractmethod
    def delete_logged_model_tag(self, model_id: str, key: str) -> None: ...

    @abstractmethod
    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[DatasetFilter] = (),
        max_results: int = 100,
        order_by: Sequence[ModelOrder] = (),
        page_token: str | None = None,
    ) -> Page[LoggedModel]: ...


class LiveView(ABC):
    """What a page that watches runs asks for."""

    @abstractmethod
    def changes(self, since: str | None = None, experiment_ids: Sequence[str] = (), max_results: int = 1000) -> Changes:
        """Runs written after `since`. None: nothing, and the cursor of now. No commit is ever skipped, however late;
        a run may be named again though nothing of it changed."""

    @abstractmethod
    def aggregate_runs(
        self,
        experiment_ids: Sequence[str],
        group_by: Sequence[str],
        metrics: Sequence[str] = (),
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
    ) -> list[RunGroup]:
        """Groups by "params.KEY" or "tags.KEY", largest first, then by values (None last). A group's metrics are
        those of the asked that one of its runs has."""

    @abstractmethod
    def run_keys(
        self,
        experiment_ids: Sequence[str],
        kind: KeyKind,
        contains: str = "",
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[str]:
        """Keys that runs of the experiments have, each once, by code point. contains: part of the key, whatever the
        case of its ASCII letters. Keys of deleted runs are among them, and keys that all runs have lost may be."""


class TrackingStore(ExperimentStore, RunStore, MetricStore, LoggedModelStore, LiveView):
    @abstractmethod
    def close(self) -> None:
        """Waits for running writes and frees files and connections. Idempotent."""


class ManifestStore(ABC):
    """Digests of artifacts, written by whoever streamed the bytes; clients can't edit them."""

    @abstractmethod
    def record_artifact(self, entry: ManifestEntry) -> None:
        """Replaces what was recorded for (root, path)."""

    @abstractmethod
    def forget_artifacts(self, root: str, path: str = "") -> None:
        """Drops the entry of path and of all below it."""

    @abstractmethod
    def list_manifest(self, root: str, path: str = "") -> list[ManifestEntry]:
        """The entry of path and of all below it, by path."""


class AccessStore(ABC):
    """Users and tokens of a server that asks who is calling."""

    @abstractmethod
    def create_user(self, username: str, role: Role, password_hash: str | None = None) -> User: ...

    @abstractmethod
    def get_user(self, username: str) -> User | None: ...

    @abstractmethod
    def list_users(self) -> list[User]: ...

    @abstractmethod
    def update_user(self, username: str, role: Role | None = None, password_hash: str | None = None) -> User: ...

    @abstractmethod
    def delete_user(self, username: str) -> None:
        """Their tokens go too."""

    @abstractmethod
    def create_token(self, token: AccessToken) -> None: ...

    @abstractmethod
    def get_token(self, token_id: str) -> AccessToken | None: ...

    @abstractmethod
    def list_tokens(self, username: str) -> list[AccessToken]: ...

    @abstractmethod
    def delete_token(self, token_id: str) -> None: ...


@runtime_checkable
class SupportsSubmit(Protocol):
    """A store that commits many waiting writes together."""

    def submit(self, method: str, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queues the named write method for the next group and returns at once. The Future is done after COMMIT (or
        the failure) and is set from the writer's thread."""
        ...


@runtime_checkable
class SupportsQuickReads(Protocol):
    """A store whose point reads (get_run, get_experiment) take well under 1 ms and wait on no lock, so that a server
    may call them on its event loop."""

    quick_reads: bool
