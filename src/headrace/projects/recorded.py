"""The handle that callers get: it follows the backend's run in a thread of its own and settles the tracked run.

When the command is over, its output becomes an artifact, and the run gets the status that is true: that of the command,
if the run is open still, or called finished by a program whose command failed after all. A program that ended its run
itself in another way knows better. At the end of this process, runs that still go
on are waited for, or ended if the process was interrupted.
"""

from __future__ import annotations

import atexit
import signal
import threading
from collections.abc import Callable, Iterator
from typing import IO

from headrace.client.mlflow_client import MlflowClient
from headrace.entities import RunStatus
from headrace.errors import HeadraceError
from headrace.projects.launch import Progress
from headrace.projects.output import Output
from headrace.projects.submitted import RunFailed, SubmittedRun

LOG_FILE = "project/output.log"


class RecordedRun(SubmittedRun):
    def __init__(self, inner: SubmittedRun, tracking_uri: str, progress: Progress, release: Callable[[], None]) -> None:
        """release: gives back what the command needed while it ran."""
        self._inner = inner
        self._run_id = inner.run_id
        self._client = MlflowClient(tracking_uri)
        self._progress, self._release = progress, release
        self._cancelled, self._succeeded = False, False
        self._error: BaseException | None = None
        self._done = threading.Event()
        self.started_by = threading.get_ident()
        _live.add(self)
        # No daemon: the interpreter waits for it, so that no run is left without its end.
        threading.Thread(target=self._follow, name=f"headrace-run-{self._run_id[:8]}").start()

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def exit_code(self) -> int | None:
        code: int | None = getattr(self._inner, "exit_code", None)
        return code

    def wait(self) -> bool:
        """Raises what kept the run from being settled: a store that is gone, a backend that failed."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._succeeded

    def get_status(self) -> str:
        if not self._done.is_set():
            return self._inner.get_status()
        return RunStatus.FINISHED.name if self._succeeded else self._unsuccessful()

    def cancel(self) -> None:
        self.interrupt(signal.SIGTERM)

    def interrupt(self, number: int) -> None:
        """As cancel, by another signal where the backend has signals."""
        if self._done.is_set():
            return
        self._cancelled = True
        passed_on = getattr(self._inner, "interrupt", None)
        if passed_on is None:
            self._inner.cancel()
        else:
            passed_on(number)
        self._done.wait()

    def logs(self) -> Iterator[str]:
        return self._inner.logs()

    def tell(self, line: str) -> None:
        """As progress."""
        self._progress(line)

    def failure(self) -> RunFailed:
        """What `run` raises for it."""
        if self._cancelled:
            return RunFailed(f"Run {self._run_id!r} was cancelled.", self._run_id, self.exit_code)
        why = ending(self.exit_code)
        return RunFailed(
            f"Run {self._run_id!r} failed{f': its command {why}' if why else ''}. What it printed is its artifact "
            f"{LOG_FILE}.",
            self._run_id,
            self.exit_code,
        )

    def _follow(self) -> None:
        try:
            try:
                self._succeeded = self._inner.wait()
            finally:
                self._settle()
        except BaseException as error:  # noqa: BLE001 — of a thread; wait raises it
            self._error = error
        finally:
            try:
                self._release()
            finally:
                _live.discard(self)
                self._done.set()

    def _settle(self) -> None:
        self._keep_output()
        now = self._client.get_run(self._run_id).info.status
        status = RunStatus.FINISHED.name if self._succeeded else self._unsuccessful()
        if not RunStatus.is_terminated(now) or (now == RunStatus.FINISHED.name and not self._succeeded):
            self._client.set_terminated(self._run_id, status)

    def _unsuccessful(self) -> str:
        killed = self._cancelled or self._inner.get_status() == RunStatus.KILLED.name
        return RunStatus.KILLED.name if killed else RunStatus.FAILED.name

    def _keep_output(self) -> None:
        output: Output | None = getattr(self._inner, "output", None)
        try:
            if output is None:
                text = "".join(self._inner.logs())
                if text:
                    self._client.log_text(self._run_id, text, LOG_FILE)
                return
            stream: IO[bytes] | None = output.stream()
            if stream is not None:
                self._client.log_stream(self._run_id, stream, LOG_FILE)
        except (HeadraceError, OSError) as error:
            # The run's status matters more than its log.
            self._progress(f"The output of run {self._run_id} couldn't be kept: {error}")


def ending(code: int | None) -> str:
    """How a command ended, as the end of a sentence; empty where nobody knows."""
    if code is None:
        return ""
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name if number > 0 else ""
    except ValueError:
        name = ""
    if code < 0:
        return f"was ended by {name or f'signal {number}'}"
    return f"ended with status {code}{f' ({name})' if name else ''}"


def live() -> set[RecordedRun]:
    """Those that aren't settled."""
    return set(_live)


def _end_all() -> None:
    """After an interruption: the interpreter has given up waiting for the threads."""
    for run in list(_live):
        run.cancel()


_live: set[RecordedRun] = set()
atexit.register(_end_all)
