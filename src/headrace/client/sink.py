"""Where the writes of the fluent calls go. `DirectSink` hands them to the store and waits until they are durable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from headrace.client.batches import split
from headrace.client.outbox import amend
from headrace.client.outbox.stock import Amendment
from headrace.entities import (
    DatasetInput,
    Experiment,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunTag,
)
from headrace.entities.journal import PointsLogged, RecordRefused
from headrace.entities.limits import (
    INT64_MAX,
    INT64_MIN,
    check_int64,
    check_key,
    check_run_id,
    check_text,
    is_key,
    is_run_id,
)
from headrace.errors import InvalidValue
from headrace.stores.base import TrackingStore
from headrace.stores.journal import metrics_of

if TYPE_CHECKING:
    from headrace.client.outbox.uploads import Uploads


class Sink(Protocol):
    """Thread safe. What this process can decide (keys, lengths, types) raises InvalidValue from the call itself.

    waits: a call returns when the store has what it wrote, so that whoever doesn't want to wait needs a thread.
    last_id: of the last record of a sink that doesn't make wait; 0 for others. uploads: what sends files of runs; None
    where whoever writes them does.
    """

    waits: bool

    @property
    def uploads(self) -> Uploads | None: ...

    @property
    def last_id(self) -> int: ...

    def ensure_experiment(self, name: str) -> Experiment: ...

    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: Sequence[RunTag], run_name: str | None
    ) -> Run: ...

    def begin(self, run: Run) -> None:
        """Before the first record that this process writes of a run that another may have begun."""

    def get_run(self, run_id: str) -> Run: ...

    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
        joined_ms: int | None = None,
    ) -> None:
        """joined_ms: set where this process opens the run anew, as `RunUpdated` has it."""

    def moment_after_rewinds(self, run_id: str) -> int:
        """Now, in ms, but later than each rewind of the run that is known of, whichever clock it was made by."""

    def amend(self, record: Amendment) -> None:
        """Returns when the store has it, with all that ended processes left here, or can't be reached. Raises what the
        store refuses, and NotSupported where it is one that can't take anything back."""

    def log_points(self, points: PointsLogged) -> None:
        """Of any number of keys."""

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        """Of any size."""

    def delete_tag(self, run_id: str, key: str) -> None: ...

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None: ...

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None: ...

    def flush(self, timeout_s: float | None = None, *, patient: bool = True) -> bool:
        """Returns when all that was written before is in the store (True), or the time is up; not patient: or as soon
        as the store can't be reached."""

    def flush_files(self, timeout_s: float | None = None, run_id: str | None = None, *, patient: bool = True) -> bool:
        """As `flush`, of the files of the run, or of all runs, that were logged before."""

    def refusals(self, run_id: str, after: int, upto: int) -> list[RecordRefused]:
        """What the store refused of the run among these records, as far as is remembered."""

    def close(self, timeout_s: float) -> None:
        """Flushes; nothing is written to it afterwards."""

    def abandon(self) -> None:
        """In a forked child: lets go of what belongs to the parent, and touches nothing of it."""


class DirectSink:
    waits = True
    last_id = 0
    uploads = None

    def __init__(self, store: TrackingStore) -> None:
        self._store = store

    def ensure_experiment(self, name: str) -> Experiment:
        return self._store.ensure_experiment(name)

    def begin(self, run: Run) -> None:
        """The store has it."""

    def get_run(self, run_id: str) -> Run:
        return self._store.get_run(run_id)

    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: Sequence[RunTag], run_name: str | None
    ) -> Run:
        return self._store.create_run(experiment_id, user_id, start_time, tags, run_name)

    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
        joined_ms: int | None = None,  # noqa: ARG002 — nobody has to tell when it comes from
    ) -> None:
        self._store.update_run(run_id, status, end_time, run_name)

    def moment_after_rewinds(self, run_id: str) -> int:
        return amend.moment_after_rewinds(self._store, run_id)

    def amend(self, record: Amendment) -> None:
        amend.append(self._store, record)

    def log_points(self, points: PointsLogged) -> None:
        self.log_batch(points.run_id, metrics_of(points))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        check_batch(run_id, metrics, params, tags)
        for piece in split(metrics, params, tags):
            self._store.log_batch(run_id, piece.metrics, piece.params, piece.tags)

    def delete_tag(self, run_id: str, key: str) -> None:
        self._store.delete_tag(run_id, key)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        self._store.log_inputs(run_id, datasets, models)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._store.log_outputs(run_id, models)

    def flush(self, timeout_s: float | None = None, *, patient: bool = True) -> bool:  # noqa: ARG002 — nothing waits
        return True

    def flush_files(
        self,
        timeout_s: float | None = None,  # noqa: ARG002
        run_id: str | None = None,  # noqa: ARG002
        *,
        patient: bool = True,  # noqa: ARG002
    ) -> bool:
        return True

    def refusals(self, run_id: str, after: int, upto: int) -> list[RecordRefused]:  # noqa: ARG002 — the calls raised
        return []

    def close(self, timeout_s: float) -> None:
        """The store is closed by whoever opened it."""

    def abandon(self) -> None:
        """It holds nothing but the store."""


def check_points(points: PointsLogged) -> None:
    """At each call of a training loop: what is usual passes quickly, what isn't is told by the checks of a batch."""
    if not (
        is_run_id(points.run_id)
        and INT64_MIN <= points.step <= INT64_MAX
        and 0 <= points.timestamp <= INT64_MAX
        and all(map(is_key, points.keys))
    ):
        check_batch(points.run_id, metrics_of(points), (), ())


def check_batch(run_id: str, metrics: Sequence[Metric], params: Sequence[Param], tags: Sequence[RunTag]) -> None:
    """All before any: a call that is cut into several pieces doesn't stop halfway for a bad name."""
    check_run_id("run_id", run_id)
    for metric in metrics:
        check_key("metric name", metric.key)
        check_int64("step", metric.step)
        if metric.timestamp < 0:
            raise InvalidValue("timestamp", metric.timestamp, "milliseconds since the epoch, not negative.")
        check_int64("timestamp", metric.timestamp)
    for param in params:
        check_key("param name", param.key)
        check_text("param value", param.value)
    for tag in tags:
        check_key("tag name", tag.key)
        check_text("tag value", tag.value)
