"""What can go wrong between a client and a model's process, and how it is put."""

from __future__ import annotations

import signal

from headrace.errors import HeadraceError, StoreUnavailable, TooBusy


class LoadFailed(HeadraceError):
    """The model can't be loaded. The message and code are those that loading gave."""


class QueueFull(TooBusy):
    """retry_after_s: by then, at the pace of the last seconds, those who wait now have their answers."""

    def __init__(self, name: str, waiting: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"{waiting} requests wait for {name!r} already; try again in {retry_after_s} s.")


class WorkerLost(StoreUnavailable):
    """No process can answer this call: the one that had it ended, or none lives."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


def ending(status: int | None) -> str:
    """How a process ended, as a predicate. status: as `subprocess` has it, None where nobody saw it."""
    if status is None:
        return "ended"
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}{' (perhaps for want of memory)' if name == 'SIGKILL' else ''}"
