"""The sink of the fluent calls: writes go to the journal and return, a thread sends them to the store."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import threading
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from headrace import clock, settings
from headrace.client.batches import split
from headrace.client.outbox.delivery import Delivery, StoreDelivery
from headrace.client.outbox.files import journals
from headrace.client.outbox.lock import JournalLock
from headrace.client.outbox.replay import replay
from headrace.client.outbox.sender import Sender
from headrace.client.outbox.writer import JournalWriter
from headrace.client.sink import check_batch
from headrace.entities import DatasetInput, LoggedModelInput, LoggedModelOutput, Metric, Param, Run, RunTag
from headrace.entities.journal import (
    InputsLogged,
    OutputsLogged,
    ParamsLogged,
    PointsLogged,
    RecordRefused,
    RunUpdated,
    TagsSet,
)
from headrace.entities.limits import MAX_METRICS_PER_BATCH
from headrace.stores import checks
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.wire.journal import Head

MAX_KNOWN_RUNS, MAX_KNOWN_PARAMS = 64, 10_000

log = logging.getLogger("headrace.outbox")


class OutboxSink:
    """Calls raise what this process can decide: limits, and a param that it has given another value before.

    store: where everything goes in the end. folder: of the journals for it; those that ended processes left there
    are delivered too."""

    waits = False

    def __init__(self, store: TrackingStore, folder: Path, target: str) -> None:
        assert isinstance(store, JournalStore)
        self._store, self._folder = store, folder
        self._delivery = StoreDelivery(store)
        self._params: dict[str, dict[str, str]] = {}  # that this process gave, by run
        self._params_lock = threading.Lock()
        about = Head(
            writer_id=clock.hex_id(),
            serial=0,
            first_id=0,
            created_ms=clock.now_ms(),
            target=target,
            host=socket.gethostname(),
            pid=os.getpid(),
            user=getpass.getuser(),
        )
        self._lock = JournalLock(folder, about.writer_id)
        self._lock.take()
        self._writer = JournalWriter(folder, about, self._notice)
        rejected = folder / f"{about.writer_id}.rejected.jsonl"
        self._sender = Sender(self._writer, self._opened, rejected)
        self._sender.start()

    def create_run(
        self, experiment_id: str, user_id: str, start_time: int, tags: Sequence[RunTag], run_name: str | None
    ) -> Run:
        return self._store.create_run(experiment_id, user_id, start_time, tags, run_name)

    def update_run(
        self, run_id: str, status: str | None = None, end_time: int | None = None, run_name: str | None = None
    ) -> None:
        self._writer.record(RunUpdated(run_id, status, end_time, run_name))

    def log_points(self, points: PointsLogged) -> None:
        keys, most = points.keys, MAX_METRICS_PER_BATCH
        for start in range(0, len(keys), most):
            self._writer.points(
                points.run_id,
                keys if len(keys) <= most else keys[start : start + most],
                points.values if len(keys) <= most else points.values[start : start + most],
                points.step,
                points.timestamp,
                points.model_id,
                points.dataset_name,
                points.dataset_digest,
            )

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        check_batch(run_id, metrics, params, tags)
        pieces = [checks.batch((), piece.params, piece.tags) for piece in split((), params, tags)]
        self._remember(run_id, [each for piece in pieces for each in piece.params.items()])
        for piece in pieces:
            if piece.params:
                self._writer.record(ParamsLogged(run_id, piece.params))
        for (step, timestamp, *more), points in groupby(metrics, _call_of):
            together = list(points)
            keys, values = tuple([each.key for each in together]), tuple([each.value for each in together])
            self.log_points(PointsLogged(run_id, keys, values, step, timestamp, *more))
        for piece in pieces:
            if piece.tags:
                self._writer.record(TagsSet(run_id, piece.tags))

    def _remember(self, run_id: str, params: Sequence[tuple[str, str]]) -> None:
        if not params:
            return
        with self._params_lock:
            known = self._params.pop(run_id, {})
            self._params[run_id] = known  # the last used last
            for key, value in params:
                if known.get(key, value) != value:
                    raise checks.param_conflict(run_id, key, known[key], value)
            if len(known) < MAX_KNOWN_PARAMS:
                known.update(params)
            while len(self._params) > MAX_KNOWN_RUNS:
                del self._params[next(iter(self._params))]

    def delete_tag(self, run_id: str, key: str) -> None:
        """Waits for the store, which alone knows whether the tag is there."""
        self._sender.flush(settings.FLUSH_TIMEOUT_S.get())
        self._store.delete_tag(run_id, key)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        self._writer.record(InputsLogged(run_id, list(datasets), list(models)))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._writer.record(OutputsLogged(run_id, list(models)))

    @property
    def last_id(self) -> int:
        return self._writer.last_id

    def flush(self, timeout_s: float | None = None) -> bool:
        return self._sender.flush(settings.FLUSH_TIMEOUT_S.get() if timeout_s is None else timeout_s)

    def refusals(self, run_id: str, after: int, upto: int) -> list[RecordRefused]:
        return [each for each in self._sender.refusals(after, upto) if each.run_id == run_id]

    def close(self, timeout_s: float) -> None:
        drained = self._sender.close(timeout_s)
        self._writer.close(remove=drained)
        self._lock.leave(remove=drained)
        if not drained:
            log.warning(
                "%d logged records haven't reached the store; they are kept in %s. Send them with: headrace sync %s",
                self._writer.last_id - self._sender.mark,
                self._folder,
                self._folder,
            )

    def abandon(self) -> None:
        self._writer.abandon()
        self._lock.leave()

    def _notice(self) -> None:
        self._sender.notice()

    def _opened(self) -> Delivery:
        """Asked for by the sender's thread, before it sends for the first time."""
        for writer_id, segments in journals(self._folder).items():
            if writer_id != self._writer.writer_id:
                found = replay(self._folder, writer_id, segments, self._delivery, remove=True)
                if found.records:
                    log.warning("%d records that an ended process had left are in the store now.", found.records)
        return self._delivery


def _call_of(point: Metric) -> tuple[int, int, str | None, str | None, str | None]:
    return point.step, point.timestamp, point.model_id, point.dataset_name, point.dataset_digest
