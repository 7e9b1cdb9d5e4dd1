"""SIGTERM ends a process that has runs open as an error would, so that they are KILLED, and not RUNNING for ever.

Only in the main thread, and only while a run is open. A handler of the program's own is called, and decides: if the
process ends by it, its runs are KILLED too. Ctrl-C needs nothing: it is an exception already, and the runs are FAILED.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import Any

_BY_SIGNAL = 128  # a shell's exit status of a process that a signal ended, plus its number


class Signalled(SystemExit):
    """A signal asks this process to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(_BY_SIGNAL + number)


class _Watch:
    before: Any = signal.SIG_DFL  # the handler that ours stands in for
    asked = False


class _Fork(threading.local):
    held: set[Any] | None = None  # what this thread blocked before it


_watch, _fork = _Watch(), _Fork()


def asked_to_end() -> bool:
    """Whether a SIGTERM has come."""
    return _watch.asked


def watch() -> None:
    """A run is open."""
    if threading.current_thread() is not threading.main_thread():
        return
    handler = signal.getsignal(signal.SIGTERM)
    if handler is not _handle and (callable(handler) or handler is signal.SIG_DFL):
        _watch.before, _watch.asked = handler, False
        signal.signal(signal.SIGTERM, _handle)


def unwatch() -> None:
    """No run is open any more."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is _handle:
        signal.signal(signal.SIGTERM, _watch.before)


def _handle(number: int, frame: FrameType | None) -> None:
    _watch.asked = True
    if _watch.before is not signal.SIG_DFL:
        _watch.before(number, frame)
        return
    signal.signal(number, signal.SIG_DFL)  # whoever asks a second time doesn't wait for a clean end
    raise Signalled(number)


def _hold() -> None:
    """A signal that reaches a child before it has forgotten our handler would be lost."""
    if signal.getsignal(signal.SIGTERM) is _handle:
        _fork.held = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def _go_on() -> None:
    held, _fork.held = _fork.held, None
    if held is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _forget() -> None:
    """The runs are the parent's, and so is their end."""
    _watch.asked = False
    with contextlib.suppress(ValueError):
        unwatch()
    _go_on()


os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_forget)
