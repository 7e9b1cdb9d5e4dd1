"""The runs that are open in this thread, innermost last, and the status that each of them ends with.

A run stays with the store that it was started on, also if the tracking URI, the working folder or the experiment
changes meanwhile. What is still open when the interpreter ends is ended then: FINISHED, or FAILED if an error ended it.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from types import TracebackType

from headrace import clock, settings
from headrace.client import async_log, heartbeats, termination
from headrace.client.open import tracking_sink, tracking_store
from headrace.client.outbox.unmet import is_unmet
from headrace.client.rest_store.address import run_page
from headrace.client.system_metrics.sampler import leave_run
from headrace.entities import Run, RunStatus
from headrace.errors import InvalidValue

_HURRIED_S = 5.0  # of a process that was asked to end, and is killed soon


class ActiveRun(Run, frozen=True):
    """A run as it was when it was started; as context manager it ends the run: FINISHED, or FAILED on any exception."""

    def __enter__(self) -> ActiveRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A fork that leaves the block has the run from its parent, who will end it.
        if any(entry.run.info.run_id == self.info.run_id and entry.pid == os.getpid() for entry in _stack()):
            end_run(_status_after(kind))


class _Entry:
    def __init__(self, run: ActiveRun, uri: str) -> None:
        self.run, self.uri, self.pid = run, uri, os.getpid()
        self.models: dict[int, list[str]] = {}  # by the step at which this process logged them


class _Thread(threading.local):
    def __init__(self) -> None:
        self.stack: list[_Entry] = []
        self.last: tuple[str, str] | None = None  # run id, URI


_thread = _Thread()
_open: dict[str, _Entry] = {}  # of all threads, for the end of the process


def active_run() -> ActiveRun | None:
    """The innermost open run of this thread."""
    stack = _stack()
    return stack[-1].run if stack else None


def last_active_run() -> Run | None:
    """The open run, or the one that this thread ended last, as the store has it now."""
    stack = _stack()
    if stack:
        run_id, uri = stack[-1].run.info.run_id, stack[-1].uri
    elif _thread.last is not None:
        run_id, uri = _thread.last
    else:
        return None
    async_log.flush_run(run_id)
    return tracking_store(uri).get_run(run_id)


def end_run(status: str | int = RunStatus.FINISHED.name) -> None:
    """Ends the innermost open run of this thread; nothing happens if there is none."""
    stack = _stack()
    if not stack:
        return
    name = _status_name(status)
    entry = stack.pop()
    _close(entry, name)


def push(run: Run, uri: str, *, shared: bool = False) -> ActiveRun:
    """shared: other processes write the run too, on purpose."""
    heartbeats.claim(run.info.run_id, uri, shared)
    termination.watch()
    active = ActiveRun(run.info, run.data, run.inputs, run.outputs)
    entry = _Entry(active, uri)
    _stack().append(entry)
    _open[run.info.run_id] = entry
    # Exit handlers run last come, first served: ours must come before that of the store, which was opened meanwhile.
    atexit.unregister(_end_at_exit)
    atexit.register(_end_at_exit)
    return active


def active_uri() -> str | None:
    """The tracking URI that the innermost open run was started on."""
    stack = _stack()
    return stack[-1].uri if stack else None


def is_open(run_id: str) -> bool:
    """In any thread of this process."""
    return run_id in _open


def remember_model(run_id: str, step: int, model_id: str) -> None:
    entry = _open.get(run_id)
    if entry is not None:
        entry.models.setdefault(step, []).append(model_id)


def models_made_at(run_id: str | None, step: int) -> list[str]:
    """By this process, while the run is open."""
    entry = None if run_id is None else _open.get(run_id)
    return [] if entry is None else entry.models.get(step, [])


def forget_run(run_id: str) -> None:
    """A run that was deleted while it was open isn't ended any more."""
    _thread.stack = [entry for entry in _thread.stack if entry.run.info.run_id != run_id]
    _left(run_id)
    leave_run(run_id)


def _stack() -> list[_Entry]:
    return _thread.stack


def _close(entry: _Entry, status: str) -> None:
    run_id = entry.run.info.run_id
    sink = tracking_sink(entry.uri)
    patient = not termination.asked_to_end()
    async_log.flush_run(run_id)
    # Who sees the run's end finds its files; until then somebody writes it.
    files_there = sink.flush_files(None if patient else _HURRIED_S, run_id, patient=patient)
    _left(run_id)
    _thread.last = (run_id, entry.uri)
    leave_run(run_id)
    sink.update_run(run_id, status, clock.now_ms())
    sink.flush(patient=patient and files_there)
    _say_where(entry)


def _left(run_id: str) -> None:
    _open.pop(run_id, None)
    heartbeats.release(run_id)
    if not _open:
        termination.unwatch()


def _status_after(kind: type[BaseException] | None) -> str:
    if kind is None:
        return RunStatus.FINISHED.name
    killed = termination.asked_to_end() and issubclass(kind, SystemExit | KeyboardInterrupt)
    return RunStatus.KILLED.name if killed else RunStatus.FAILED.name


def _say_where(entry: _Entry) -> None:
    if settings.SUPPRESS_RUN_URL.get() or is_unmet(entry.run.info):
        return
    info = entry.run.info
    page = run_page(entry.uri, info.experiment_id, info.run_id)
    if page is not None:
        print(f"Run {info.run_name} is at {page}")  # noqa: T201 — MLflow's clients print it on stdout too


def _status_name(status: str | int) -> str:
    try:
        return RunStatus.from_string(status).name if isinstance(status, str) else RunStatus(status).name
    except (KeyError, ValueError):
        raise InvalidValue("status", status, f"allowed are {', '.join(one.name for one in RunStatus)}.") from None


def _end_at_exit() -> None:
    # Set by the interpreter when an error that nobody caught has ended the main script.
    failed = getattr(sys, "last_value", None) is not None and not hasattr(sys, "ps1")
    status = RunStatus.FAILED if failed else RunStatus.FINISHED
    if termination.asked_to_end():
        status = RunStatus.KILLED
    for entry in reversed(list(_open.values())):
        try:
            _close(entry, status.name)
        except Exception as error:  # noqa: BLE001 — the interpreter ends; one run's trouble mustn't keep the others open
            async_log.log.warning("Run %s could not be ended: %s", entry.run.info.run_id, error)
    _thread.stack.clear()


# What a fork inherits is its parent's to end; what it starts itself is its own.
os.register_at_fork(after_in_child=_open.clear)
