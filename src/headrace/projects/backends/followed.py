"""A job on somebody else's scheduler, followed from here: asked for its state, its output copied as it comes.

The job itself needs nobody: if this process dies, it goes on, and its program logs to the run. What is lost then is
only the end that this side would have set.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, Protocol

from headrace import clock
from headrace.errors import HeadraceError, ServiceError
from headrace.projects.launch import Launch
from headrace.projects.output import Output
from headrace.projects.submitted import SubmittedRun

State = Literal["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"]
OVER: frozenset[str] = frozenset({"FINISHED", "FAILED", "KILLED"})

FIRST_PAUSE_S = 0.2
PAUSE_GROWTH = 1.5
MISSES = 3  # of its output, after which the outcome of a job that is over counts without it
PATIENCE_S = 900.0  # without any answer; clusters are updated and networks repaired in less


class Job(Protocol):
    """What a backend knows to do with a job that it submitted. Methods are called by one thread at a time.

    longest_pause_s: between two questions, for a job that has been there for a while. why: what the scheduler says of
    the end of one that is over. exit_code: of its command, where that is known.
    """

    longest_pause_s: float
    why: str
    exit_code: int | None

    def state(self) -> State:
        """ServiceError where nobody answers at the moment. A job that is nowhere to be found was KILLED."""
        ...

    def more(self, *, last: bool) -> bytes:
        """What it printed since the last call. last: it is over; only then the rest is waited for."""
        ...

    def stop(self) -> None:
        """Returns when nothing of it runs any more."""
        ...

    def close(self) -> None:
        """Lets go of what is held here for it; the job itself isn't touched."""
        ...


class FollowedRun(SubmittedRun):
    def __init__(self, launch: Launch, job: Job) -> None:
        self._launch, self._job = launch, job
        self._state: State = "SCHEDULED"
        self._output = Output(launch)
        self._asking = threading.RLock()
        self._stopped = threading.Event()
        self._lost: HeadraceError | None = None
        self._missed = 0

    @property
    def run_id(self) -> str:
        return self._launch.run_id

    def wait(self) -> bool:
        try:
            return self._followed()
        finally:
            with self._asking:
                self._job.close()

    def get_status(self) -> str:
        """The last that was known, where nobody answers."""
        if self._state not in OVER:
            with suppress(ServiceError):
                self._look()
        return self._state

    def cancel(self) -> None:
        with self._asking:
            if self._state in OVER:
                return
            try:
                self._job.stop()
            except HeadraceError as error:
                # Whether it still runs isn't known, and nobody wants to know it for another quarter of an hour.
                self._lost = error
                self._stopped.set()
                raise
            try:
                self._take_output(last=True)
            except HeadraceError as error:  # what stopped it is done; its last words are a courtesy
                self._launch.progress(error.message)
            if self._job.why:
                self._launch.progress(self._job.why)
            self._state = "KILLED"
        self._stopped.set()

    @property
    def exit_code(self) -> int | None:
        return self._job.exit_code

    @property
    def output(self) -> Output:
        return self._output

    def logs(self) -> Iterator[str]:
        return self._output.lines()

    def _followed(self) -> bool:
        pause_s, silent_since_s = FIRST_PAUSE_S, None
        while self._state not in OVER:
            try:
                self._look()
                silent_since_s = None
            except ServiceError as error:
                now_s = clock.monotonic_s()
                if silent_since_s is None:
                    silent_since_s = now_s
                    self._launch.progress(f"{error.message} Asking again.")
                if now_s - silent_since_s > PATIENCE_S:
                    raise
            if self._state in OVER:
                break
            self._stopped.wait(pause_s)
            if self._lost is not None:
                raise self._lost
            pause_s = min(pause_s * PAUSE_GROWTH, self._job.longest_pause_s)
        return self._state == "FINISHED"

    def _look(self) -> None:
        with self._asking:
            if self._state in OVER:
                return
            found = self._job.state()  # before the output, so that the last words of what is over aren't missed
            try:
                self._take_output(last=found in OVER)
                self._missed = 0
            except ServiceError as error:
                self._missed += 1
                if found not in OVER or self._missed < MISSES:
                    raise
                self._launch.progress(f"The end of the output is missing: {error.message}")
            if found in OVER and self._job.why:
                self._launch.progress(self._job.why)
            self._state = found

    def _take_output(self, *, last: bool) -> None:
        content = self._job.more(last=last)
        if content:
            self._output.write("stdout", content)
