"""Waiting for a run at a terminal: what asks this process to stop is passed on to the run first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, NoReturn

from headrace.client.termination import Signalled
from headrace.projects import recorded
from headrace.projects.recorded import RecordedRun

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP raise Signalled here, as Ctrl-C raises KeyboardInterrupt. Only in the main thread, and only
    where nobody else has decided on them (nohup, a server's handlers)."""
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _PASSED_ON:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible(*, signals: bool) -> Iterator[None]:
    """A run that this thread starts meanwhile is ended if an interruption comes before anybody waits for it: without
    that, the interpreter would wait for it at its end. signals: also those that `signals_raise` is about; without it
    they end this process, and its commands with it."""
    before = recorded.live()
    try:
        with signals_raise() if signals else nullcontext():
            yield
    except (KeyboardInterrupt, Signalled) as error:
        number = error.number if isinstance(error, Signalled) else signal.SIGINT
        for run in recorded.live() - before:
            if run.started_by == threading.get_ident():
                _end(run, number)
        raise


def wait(run: RecordedRun) -> None:
    """Until it is over; raises RunFailed if it didn't succeed. An interruption reaches it, and is raised afterwards."""
    try:
        succeeded = run.wait()
    except KeyboardInterrupt:
        _end(run, signal.SIGINT)
        raise
    except Signalled as signalled:
        _end(run, signalled.number)
        raise
    if not succeeded:
        raise run.failure()


def _end(run: RecordedRun, number: int) -> None:
    run.tell(f"{signal.Signals(number).name} is passed on to run {run.run_id}")
    run.interrupt(number)
    run.tell(f"Run {run.run_id} ended: {run.get_status()}")


def _raise(number: int, _: FrameType | None) -> NoReturn:
    raise Signalled(number)
