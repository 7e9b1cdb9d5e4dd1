"""The sink of the fluent calls: writes go to the journal and return, a thread sends them to the store."""

from __future__ import annotations

import getpass
import logging
import os
import socket
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from headrace import clock
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
    RunUpdated,
    TagRemoved,
    TagsSet,
)
from headrace.entities.limits import MAX_METRICS_PER_BATCH, MAX_PARAMS_PER_BATCH, MAX_TAGS_PER_BATCH
from headrace.stores.base import TrackingStore
from headrace.stores.journal import JournalStore
from headrace.wire.journal import Head

log = logging.getLogger("headrace.outbox")


class OutboxSink:
    """store: where everything goes in the end. folder: of the journals for it; those that ended processes left there
    are delivered too."""

    def __init__(self, store: TrackingStore, folder: Path, target: str) -> None:
        assert isinstance(store, JournalStore)
        self._store, self._folder = store, folder
        self._delivery = StoreDelivery(store)
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

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        check_batch(run_id, metrics, params, tags)
        for start in range(0, len(params), MAX_PARAMS_PER_BATCH):
            some = params[start : start + MAX_PARAMS_PER_BATCH]
            self._writer.record(ParamsLogged(run_id, {each.key: each.value for each in some}))
        for _, points in groupby(metrics, _call_of):
            together = list(points)
            for start in range(0, len(together), MAX_METRICS_PER_BATCH):
                self._points(run_id, together[start : start + MAX_METRICS_PER_BATCH])
        for start in range(0, len(tags), MAX_TAGS_PER_BATCH):
            pieces = tags[start : start + MAX_TAGS_PER_BATCH]
            self._writer.record(TagsSet(run_id, {each.key: each.value for each in pieces}))

    def delete_tag(self, run_id: str, key: str) -> None:
        self._writer.record(TagRemoved(run_id, key))

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        self._writer.record(InputsLogged(run_id, list(datasets), list(models)))

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        self._writer.record(OutputsLogged(run_id, list(models)))

    def flush(self, timeout_s: float | None = None) -> None:
        self._sender.flush(60.0 if timeout_s is None else timeout_s)

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

    def _points(self, run_id: str, points: Sequence[Metric]) -> None:
        first = points[0]
        self._writer.points(
            run_id,
            tuple([each.key for each in points]),
            [each.value for each in points],
            first.step,
            first.timestamp,
            first.model_id,
            first.dataset_name,
            first.dataset_digest,
        )

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
