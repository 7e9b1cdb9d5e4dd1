"""The sink of the fluent calls: writes go to the journal and return, a thread sends them to the store."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from headrace import clock, settings
from headrace.blobs.base import BlobStore
from headrace.client.batches import split
from headrace.client.outbox import amend, unmet
from headrace.client.outbox.delivery import Delivery, StoreDelivery
from headrace.client.outbox.known_params import KnownParams
from headrace.client.outbox.left import LeftJournals, is_worker
from headrace.client.outbox.lock import writing
from headrace.client.outbox.reach import Reach
from headrace.client.outbox.run_ids import tagged
from headrace.client.outbox.sender import Sender
from headrace.client.outbox.stock import Amendment, StockDelivery, unsupported
from headrace.client.outbox.uploads import Uploads
from headrace.client.outbox.waiting import Waiting
from headrace.client.outbox.writer import JournalUnavailable, JournalWriter
from headrace.client.sink import check_batch
from headrace.client.uri import shown_uri
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
from headrace.entities.journal import (
    InputsLogged,
    OutputsLogged,
    ParamCorrected,
    ParamsLogged,
    PointsLogged,
    RecordRefused,
    RunStarted,
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.entities.limits import MAX_METRICS_PER_BATCH
from headrace.errors import HeadraceError
from headrace.stores import checks
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.wire.journal import Head, Record

UPLOAD_S = 60.0  # what a server may take for its next word while it gets a file

log = logging.getLogger("headrace.outbox")


class OutboxSink:
    """Calls raise what this process can decide: limits, and a param that it has given another value before.

    connect: opens the store that everything goes to in the end; None: nothing is sent, `headrace sync` does it later.
    folder: of the journals for it; those that ended processes left there are delivered too. uri: of the store, "" for
    none.
    """

    waits = False

    def __init__(self, connect: Callable[[], TrackingStore] | None, folder: Path, uri: str) -> None:
        self._reach, self._folder, self._uri = Reach(connect), folder, uri
        self._params = KnownParams()
        self._stock_delivery: StockDelivery | None = None
        self._stock_lock = threading.Lock()
        about = Head(
            writer_id=clock.dated_hex_id(),
            serial=0,
            first_id=0,
            created_ms=clock.now_ms(),
            target=shown_uri(uri) or None,
            host=socket.gethostname(),
            pid=os.getpid(),
            user=_user(),
        )
        self._lock = writing(folder, about.writer_id)
        self._writer = JournalWriter(folder, about, self._notice, sync_each=settings.JOURNAL_SYNC.get())
        self._lost = 0
        self._begun: set[str] = set()  # unmet runs whose start is in this journal
        self._left = LeftJournals(folder, about.writer_id)
        rejected = folder / f"{about.writer_id}.rejected.jsonl"
        waiting = Waiting(folder, shown_uri(uri))
        self.uploads = Uploads(waiting, None if connect is None else self._files_root)
        opened = None if connect is None else self._opened
        self._sender = Sender(self._writer, opened, rejected, waiting.sync)
        try:
            self._lock.take(shared=connect is None)
        except OSError as error:
            log.warning("Nothing can be written to %s: %s. Records go to the store directly.", folder, error)
        self._sender.start()

    def ensure_experiment(self, name: str) -> Experiment:
        return self._reach.ask(lambda store: store.ensure_experiment(name), lambda: unmet.experiment_named(name))

    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: Sequence[RunTag], run_name: str | None
    ) -> Run:
        run_id = clock.hex_id()

        def there(store: TrackingStore) -> Run:
            name = unmet.name_of(experiment_id)
            number = experiment_id if name is None else store.ensure_experiment(name).experiment_id
            # A stock server gives the run another id; if its answer is lost, the run is found by ours.
            known = tags if self._reach.takes_journals() else tagged(run_id, tags)
            return store.create_run(number, user_id, start_time, known, run_name, run_id)

        def here() -> Run:
            record = unmet.started(run_id, experiment_id, user_id, start_time, tags, run_name)
            self._begun.add(run_id)
            self._keep(record)
            return unmet.run_of(record, self._folder)

        return self._reach.ask(there, here)

    def begin(self, run: Run) -> None:
        """Before records of a run that no store may know: in a fork, whose journal may arrive before its parent's, the
        start of the run comes once more. A store takes a run that is there as it is."""
        if run.info.run_id not in self._begun and unmet.is_unmet(run.info):
            start = unmet.start_of(run)
            if start is not None:
                self._keep(start)
            self._begun.add(run.info.run_id)

    def get_run(self, run_id: str) -> Run:
        """As the store has it, with what this process wrote; where it can't be asked, what is known: its id."""

        def here() -> Run:
            return unmet.run_of(RunStarted(run_id, experiment_name="Default"), self._folder)

        def there(store: TrackingStore) -> Run:
            self.flush(patient=False)
            return store.get_run(self._id_there(store, run_id))

        return self._reach.ask(there, here)

    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
        joined_ms: int | None = None,
    ) -> None:
        self._keep(RunUpdated(run_id, checks.run_status(status), end_time, checks.kept_run_name(run_name), joined_ms))

    def moment_after_rewinds(self, run_id: str) -> int:
        return self._reach.ask(lambda store: amend.moment_after_rewinds(store, run_id), clock.now_ms)

    def amend(self, record: Amendment) -> None:
        if not self._reach.ask(lambda _: self._reach.takes_journals(), lambda: True):
            raise unsupported(record)
        if not self._reach.offline:
            self._deliver_ended()  # first what was logged first
        before = self.last_id
        self._keep(record)
        self.flush(patient=False)
        amend.raise_refused(self.refusals(record.run_id, before, self.last_id))
        if isinstance(record, ParamCorrected):
            self._params.correct(record.run_id, record.key, record.value)

    def log_points(self, points: PointsLogged) -> None:
        keys, most = points.keys, MAX_METRICS_PER_BATCH
        if len(keys) > most:
            for start in range(0, len(keys), most):
                self.log_points(_part(points, start, start + most))
            return
        try:
            self._writer.points(
                points.run_id,
                keys,
                points.values,
                points.step,
                points.timestamp,
                points.model_id,
                points.dataset_name,
                points.dataset_digest,
            )
        except JournalUnavailable as error:
            self._directly(points, error)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        check_batch(run_id, metrics, params, tags)
        pieces = [checks.batch((), piece.params, piece.tags) for piece in split((), params, tags)]
        self._params.check(run_id, [each for piece in pieces for each in piece.params.items()])
        for piece in pieces:
            if piece.params:
                self._keep(ParamsLogged(run_id, piece.params))
        for (step, timestamp, *more), points in groupby(metrics, _call_of):
            together = list(points)
            keys, values = tuple([each.key for each in together]), tuple([each.value for each in together])
            self.log_points(PointsLogged(run_id, keys, values, step, timestamp, *more))
        for piece in pieces:
            if piece.tags:
                self._keep(TagsSet(run_id, piece.tags))

    def delete_tag(self, run_id: str, key: str) -> None:
        """Waits for the store, which alone knows whether the tag is there."""

        def there(store: TrackingStore) -> None:
            self.flush(patient=False)
            store.delete_tag(self._id_there(store, run_id), key)

        self._reach.ask(there, lambda: self._keep(TagRemoved(run_id, key)))

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        inputs = checks.dataset_inputs(datasets)
        known = [LoggedModelInput(model_id) for model_id in checks.model_inputs(models)]
        self._keep(InputsLogged(run_id, inputs, known))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        checks.model_outputs(models)
        self._keep(OutputsLogged(run_id, list(models)))

    @property
    def last_id(self) -> int:
        return self._writer.last_id

    def flush(self, timeout_s: float | None = None, *, patient: bool = True) -> bool:
        """Patient, it also sends what ended workers have left: those of a pool are killed, and a child of os.fork that
        leaves by os._exit sends nothing more."""
        timeout_s = settings.FLUSH_TIMEOUT_S.get() if timeout_s is None else timeout_s
        drained = self._sender.flush(timeout_s, patient=patient)
        if drained and patient:
            self._deliver_workers()
        return drained

    def flush_files(self, timeout_s: float | None = None, run_id: str | None = None, *, patient: bool = True) -> bool:
        timeout_s = settings.FLUSH_TIMEOUT_S.get() if timeout_s is None else timeout_s
        if run_id is not None and patient and self.uploads.waiting.looks(run_id):
            self.uploads.add(run_id)  # also what workers have left
        if not self.uploads.waits(run_id):
            return True
        ends_s = clock.monotonic_s() + timeout_s
        if self._begun and not self._sender.flush(timeout_s, patient=patient):
            return False  # the store can't know the run yet
        return self.uploads.flush(ends_s - clock.monotonic_s(), run_id, patient=patient)

    def refusals(self, run_id: str, after: int, upto: int) -> list[RecordRefused]:
        return [each for each in self._sender.refusals(after, upto) if each.run_id == run_id]

    def close(self, timeout_s: float) -> None:
        ends_s = clock.monotonic_s() + timeout_s
        drained = self._sender.close(timeout_s)
        if drained and not self._reach.offline:
            self._deliver_workers()
        left = drained and not self._reach.offline and not is_worker()
        sent = self.uploads.close(max(0.0, ends_s - clock.monotonic_s()), patient=drained, left=left)
        self._writer.close(remove=drained)
        if drained and self._stock_delivery is not None:
            self._stock_delivery.forget(self._writer.writer_id)
        self._lock.leave(remove=drained)
        if not sent:
            self._tell("Logged files")
        if self._writer.last_id > self._sender.mark:
            self._tell(f"{self._writer.last_id - self._sender.mark} logged records")
        if self._lost:
            log.warning("%d logged records are lost: neither the journal nor the store took them.", self._lost)

    def abandon(self) -> None:
        self._writer.abandon()
        self._lock.leave()

    def _keep(self, record: Record) -> None:
        try:
            self._writer.record(record)
        except JournalUnavailable as error:
            self._directly(record, error)

    def _directly(self, record: Record | PointsLogged, error: JournalUnavailable) -> None:
        """Without a journal there is the store, whose answer must then be waited for."""
        if settings.STRICT.get():
            raise error

        def there(store: TrackingStore) -> None:
            self.flush(patient=False)  # what is in the journal came first
            if isinstance(store, JournalStore) and self._reach.takes_journals():
                answer = store.append_journal(clock.dated_hex_id(), 1, [record]).refused
            else:
                answer = self._stock(store).take(1, [record])
            for refused in answer:
                log.warning("The store refused a logged record: %s", refused.message)

        def nowhere() -> None:
            self._lost += 1
            if self._lost == 1:
                log.warning("A logged record is lost, since the store can't be reached either. %s", error.message)

        self._reach.ask(there, nowhere)

    def _tell(self, what: str) -> None:
        log.warning(
            "%s haven't reached the store; they are kept in %s. Send them with: headrace sync %s",
            what,
            self._folder,
            self._folder,
        )

    def _notice(self) -> None:
        self._sender.notice()

    def _opened(self) -> Delivery:
        """Asked for by the sender, before it sends for the first time."""
        delivery = self._delivery()
        self._left.deliver(delivery, logging.INFO if is_worker() else logging.WARNING)
        self.uploads.send_left()
        return delivery

    def _delivery(self) -> Delivery:
        store = self._reach.store()
        if isinstance(store, JournalStore) and self._reach.takes_journals():
            return StoreDelivery(store)
        return self._stock(store)

    def _deliver_workers(self) -> None:
        """By the process that started them, if the store was met."""
        if self._sender.mark and not is_worker():
            self._deliver_ended()

    def _deliver_ended(self) -> None:
        try:
            self._left.deliver(self._delivery(), logging.INFO)
        except (HeadraceError, OSError) as error:
            log.warning("What ended processes left in %s isn't delivered: %s", self._folder, error)

    def _stock(self, store: TrackingStore) -> StockDelivery:
        """The one of this process, which knows the ids that the server gave."""
        with self._stock_lock:
            if self._stock_delivery is None:
                self._stock_delivery = StockDelivery(store, self._folder, self._uri)
            return self._stock_delivery

    def _id_there(self, store: TrackingStore, run_id: str) -> str:
        """The store's id of a run, which may have begun without it."""
        return run_id if self._reach.takes_journals() else self._stock(store).run_ids.of(run_id)

    def _files_root(self, run_id: str) -> BlobStore:
        from headrace.client.artifact_roots import blobs_at
        from headrace.client.recorded import recorded

        store = self._reach.store()
        location = store.get_run(self._id_there(store, run_id)).info.artifact_uri
        return recorded(blobs_at(location, self._uri, UPLOAD_S), self._reach.store, location)


def _part(points: PointsLogged, start: int, stop: int) -> PointsLogged:
    return msgspec.structs.replace(points, keys=points.keys[start:stop], values=points.values[start:stop])


def _call_of(point: Metric) -> tuple[int, int, str | None, str | None, str | None]:
    return point.step, point.timestamp, point.model_id, point.dataset_name, point.dataset_digest


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return ""
