"""What /metrics says: of each answered request, and of the processes at the moment."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from headrace import clock
from headrace.serving.app.metrics import Counter, Histogram, counted, gauge
from headrace.serving.arm import Served
from headrace.serving.deployment import Deployment, Deployments
from headrace.serving.observe import Observation

if TYPE_CHECKING:
    from headrace.serving.workers import Load

MAX_FIELDS = 100  # of a model that have a series of their own: a client may name any
MAX_FIELD_CHARS = 200  # a name may be as long as a body, and would stay
OTHER_FIELDS = "(others)"
_SCHEMA_ERRORS = ("SCHEMA_ENFORCEMENT_FAILED", "INVALID_PARAMETER_VALUE", "BAD_REQUEST")
_SECONDS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_BY_MODEL = ("model", "revision")
_BY_KIND = (*_BY_MODEL, "kind")
_NOW: tuple[tuple[str, str, Callable[[Load], int]], ...] = (
    ("headrace_queue_length", "Requests that wait for a worker.", lambda load: load.waiting),
    ("headrace_requests_running", "Requests that are with a worker.", lambda load: load.running),
    ("headrace_workers", "Processes of the model that are loaded.", lambda load: load.workers),
    ("headrace_workers_busy", "Processes of the model that have a request.", lambda load: load.busy),
)
_SINCE_START: tuple[tuple[str, str, Callable[[Load], int]], ...] = (
    ("headrace_batches_total", "Batches that were handed to a worker.", lambda load: load.batches),
    ("headrace_queue_refused_total", "Requests that a full queue refused.", lambda load: load.refused),
    ("headrace_deadlines_missed_total", "Requests that weren't answered in time.", lambda load: load.expired),
    ("headrace_worker_restarts_total", "Processes that ended by themselves.", lambda load: load.crashed),
    ("headrace_workers_stuck_total", "Processes that were ended since they gave no sign.", lambda load: load.stuck),
    ("headrace_workers_recycled_total", "Processes that gave way to a new one.", lambda load: load.recycled),
)


class Measures:
    """Counts are of this process's life."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments
        self._started_s = clock.now_ms() / 1000
        self._fields: dict[str, int] = {}
        self.in_flight = {each.name: 0 for each in deployments.all()}
        self._requests = Counter(
            "headrace_requests_total", "Requests that were answered.", (*_BY_KIND, "status", "shadow")
        )
        self._duration = Histogram(
            "headrace_request_duration_seconds",
            "From the complete request to the end of its answer.",
            _BY_KIND,
            _SECONDS,
        )
        self._queue = Histogram(
            "headrace_request_queue_seconds", "What a request waited for a worker.", _BY_KIND, _SECONDS
        )
        self._first = Histogram(
            "headrace_first_part_seconds", "Until the first part of a streamed answer.", _BY_KIND, _SECONDS
        )
        self._predict = Histogram("headrace_predict_seconds", "In the model, by batch.", _BY_KIND, _SECONDS)
        self._batch = Histogram("headrace_batch_requests", "Requests that shared a batch.", _BY_KIND, _BATCHES)
        self._rows = Counter("headrace_rows_total", "Rows that went through the model.", _BY_MODEL)
        self._tokens = Counter("headrace_tokens_total", "Tokens that the engine counted.", (*_BY_MODEL, "type"))
        self._errors = Counter(
            "headrace_request_errors_total",
            f"Requests that the model's schema refused, by field; beyond {MAX_FIELDS} fields of a model, together.",
            (*_BY_MODEL, "field"),
        )
        self._received = Counter("headrace_request_body_bytes_total", "Bytes of requests' bodies.", _BY_MODEL)
        self._sent = Counter(
            "headrace_response_body_bytes_total", "Bytes of whole answers; not of streamed ones.", _BY_MODEL
        )
        self._families = (
            *(self._requests, self._duration, self._queue, self._first, self._predict, self._batch),
            *(self._rows, self._tokens, self._errors, self._received, self._sent),
        )

    def observe(self, told: Observation) -> None:
        reply, kind = told.reply, told.call.kind
        model = (told.deployment, told.revision)
        by_kind = (*model, kind)
        self._requests.add((*by_kind, str(reply.status), "true" if told.shadow else "false"))
        if told.shadow:
            return
        self._duration.observe(by_kind, told.duration_s)
        self._received.add(model, len(told.call.body))
        self._sent.add(model, len(reply.body))
        if reply.status >= 400:
            # A request that was refused before it had a model says nothing of a schema.
            if told.deployment and reply.field is not None and reply.error in _SCHEMA_ERRORS:
                self._errors.add((*model, self._known(told.deployment, reply.field)))
            return
        self._queue.observe(by_kind, told.queue_s)
        if told.first_part_s is not None:
            self._first.observe(by_kind, told.first_part_s)
        if reply.predict_s:
            # Each call of a batch tells of it: together they count as one.
            self._predict.observe(by_kind, reply.predict_s, 1 / reply.batch)
            self._batch.observe(by_kind, reply.batch, 1 / reply.batch)
        if reply.rows:
            self._rows.add(model, reply.rows)
        if reply.usage is not None:
            self._tokens.add((*model, "prompt"), reply.usage.prompt)
            self._tokens.add((*model, "completion"), reply.usage.completion)

    def _known(self, deployment: str, field: str) -> str:
        if len(field) > MAX_FIELD_CHARS:
            return OTHER_FIELDS
        if any(self._errors.known((deployment, served.label, field)) for served in self._served(deployment)):
            return field
        if self._fields.get(deployment, 0) >= MAX_FIELDS:
            return OTHER_FIELDS
        self._fields[deployment] = self._fields.get(deployment, 0) + 1
        return field

    def _served(self, deployment: str) -> list[Served]:
        return [arm.served for arm in self._deployments.find(deployment).arms]

    def text(self, started: bool) -> bytes:
        """started: whether the deployments are, so that their processes can be asked."""
        lines = [line for family in self._families for line in family.lines()]
        lines += gauge(
            "headrace_requests_in_flight",
            "Requests that are being answered.",
            ("model",),
            (((name,), count) for name, count in self.in_flight.items()),
        )
        if started:
            lines += _of_pools(self._deployments.all())
        lines += _of_process(self._started_s)
        return "\n".join([*lines, ""]).encode()


def _of_pools(deployments: list[Deployment]) -> Iterator[str]:
    served = [(each.name, arm.served) for each in deployments for arm in each.arms]
    loads = [((name, one.label), one.pool.load()) for name, one in served]
    yield from gauge(
        "headrace_model_info",
        "1, with what is served.",
        (*_BY_MODEL, "model_id", "flavors", "task"),
        (
            (
                (name, one.label, one.facts.model_id or "", ",".join(one.facts.flavors), one.facts.task or ""),
                1,
            )
            for name, one in served
        ),
    )
    yield from gauge(
        "headrace_model_load_seconds",
        "What the model took to load.",
        _BY_MODEL,
        (((name, one.label), one.facts.load_s) for name, one in served),
    )
    for name, text, take in _NOW:
        yield from gauge(name, text, _BY_MODEL, [(at, take(load)) for at, load in loads])
    for name, text, take in _SINCE_START:
        yield from counted(name, text, _BY_MODEL, [(at, take(load)) for at, load in loads])
    yield from counted(
        "headrace_revision_changes_total",
        "Versions that took the place of another.",
        ("model",),
        (((each.name,), sum(arm.changes for arm in each.arms)) for each in deployments),
    )
    yield from counted(
        "headrace_revision_refusals_total",
        "Versions that were to be served and failed to load or to answer their example.",
        ("model",),
        (((each.name,), sum(arm.refusals for arm in each.arms)) for each in deployments),
    )


def _of_process(started_s: float) -> Iterator[str]:
    """Of the process that answers, by Prometheus' usual names."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield from counted("process_cpu_seconds_total", "Time on the CPU.", (), [((), used.ru_utime + used.ru_stime)])
    yield from gauge("process_start_time_seconds", "Since the epoch.", (), [((), started_s)])
    statm = Path("/proc/self/statm")
    if sys.platform == "linux" and statm.exists():
        pages = int(statm.read_text(encoding="ascii").split()[1])
        yield from gauge(
            "process_resident_memory_bytes", "Resident memory.", (), [((), pages * os.sysconf("SC_PAGE_SIZE"))]
        )
        files = sum(1 for _ in Path("/proc/self/fd").iterdir())
        yield from gauge("process_open_fds", "Open files.", (), [((), files)])
