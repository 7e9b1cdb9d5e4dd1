"""A run that was handed to a backend: waiting for it, asking, ending it, reading what it printed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from headrace.errors import UserCodeError


class RunFailed(UserCodeError):
    """The command of a project failed, or was ended. run_id: its run, which has the same status. exit_code: of the
    command where a backend knows it; negative: the number of the signal."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, run_id: str | None = None, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.run_id, self.exit_code = run_id, exit_code


class SubmittedRun(ABC):
    """MLflow's surface, and `logs`. What `headrace.projects.run` returns may be used from any thread; of a backend's
    own, `wait` is called by one thread, the others by any."""

    @property
    @abstractmethod
    def run_id(self) -> str: ...

    @abstractmethod
    def wait(self) -> bool:
        """Until it is over; whether the command succeeded. May be called again, then answers at once."""

    @abstractmethod
    def get_status(self) -> str:
        """Of the command, not of the run: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED. Doesn't wait."""

    @abstractmethod
    def cancel(self) -> None:
        """Ends it and returns when nothing of it runs any more; nothing happens if it is over."""

    def logs(self) -> Iterator[str]:
        """What it printed so far, in lines with their newlines; empty where the backend keeps nothing."""
        return iter(())
