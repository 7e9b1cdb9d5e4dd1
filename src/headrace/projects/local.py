"""A command in a session of its own on this machine, with all the processes that it starts.

A signal goes to every process of the session, and to those that left it: they are known by a variable that processes
inherit. When the command is over, what it left in the background of its session is ended, too.
"""

from __future__ import annotations

import selectors
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, cast

from headrace import clock
from headrace.errors import InvalidValue
from headrace.projects.launch import Launch
from headrace.projects.output import Output, Stream
from headrace.projects.processes import Guard, Processes, mark
from headrace.projects.submitted import SubmittedRun

GRACE_S = 10.0  # from a signal that asks to the one that doesn't
_POLL_S = 0.02
LAST_WORDS_S = 1.0  # for what the command started (`> >(tee log)`) to end by itself after it
_LOOK_S = 0.2  # between looks whether the command is over while something of it keeps its output open
_LAST_CHUNKS = 64  # more than two pipes hold
_CHUNK_BYTES = 1 << 16


class CommandRun(SubmittedRun):
    """Starts at once. `wait` reads the output, so it must be called for the command to go on."""

    def __init__(
        self, launch: Launch, words: Sequence[str], variables: Mapping[str, str], pass_fds: tuple[int, ...] = ()
    ) -> None:
        self._launch = launch
        self._output = Output(launch)
        self._cancelled = False
        self._over = threading.Event()
        variables = {**variables, **mark(launch.run_id)}
        try:
            self._process = subprocess.Popen(  # noqa: S603 — the text for the shell is quoted, see quoting.py
                words,
                cwd=launch.folder,
                env=variables,
                stdin=None if launch.interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            if error.errno != 7:  # E2BIG
                raise
            raise InvalidValue(
                "parameters", list(launch.parameters), "together they are longer than a command may be on this system."
            ) from None
        self._processes = Processes(self._process.pid, launch.run_id)
        self._guard = Guard(self._process.pid)

    @property
    def run_id(self) -> str:
        return self._launch.run_id

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def output(self) -> Output:
        return self._output

    def wait(self) -> bool:
        if not self._over.is_set():
            try:
                self._read()
                self._process.wait()
                self._end_rest()
            finally:
                self._guard.dismiss()
                self._over.set()
        return self._process.returncode == 0 and not self._cancelled

    def get_status(self) -> str:
        code = self._process.poll()
        if code is None:
            return "RUNNING"
        return "KILLED" if self._cancelled else "FINISHED" if code == 0 else "FAILED"

    def cancel(self) -> None:
        self.interrupt(signal.SIGTERM)

    def interrupt(self, number: int) -> None:
        """Passes a signal on to all of it and waits until nothing runs any more; kills what doesn't go in time."""
        if self._process.poll() is not None and not self._processes.are_running(everywhere=False):
            return
        self._cancelled = True
        self._processes.send(number, everywhere=True)
        try:
            if self._over.wait(GRACE_S):
                return
        except BaseException:  # a second Ctrl-C: now
            self._processes.send(signal.SIGKILL, everywhere=True)
            raise
        self._processes.send(signal.SIGKILL, everywhere=True)
        self._over.wait()

    def abandon(self) -> None:
        """Kills it, where nobody will wait for it."""
        self._processes.send(signal.SIGKILL, everywhere=True)
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        self._guard.dismiss()
        self._over.set()

    def logs(self) -> Iterator[str]:
        return self._output.lines()

    def _read(self) -> None:
        """Until both streams are closed, or the command has been over for a while."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with self._process.stdout, self._process.stderr, selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ, "stdout")
            selector.register(self._process.stderr, selectors.EVENT_READ, "stderr")
            over_s: float | None = None
            while selector.get_map():
                self._take(selector, _LOOK_S)
                if self._process.poll() is None:
                    continue
                over_s = over_s or clock.monotonic_s()
                if clock.monotonic_s() - over_s > LAST_WORDS_S:
                    self._end_rest()
                    # What left the session may print forever: nobody waits for it.
                    for _ in range(_LAST_CHUNKS):
                        if not self._take(selector, 0):
                            break
                    break

    def _take(self, selector: selectors.BaseSelector, timeout_s: float) -> bool:
        """Reads what is there; whether anything was."""
        ready = selector.select(timeout_s)
        for key, _ in ready:
            chunk = cast(IO[bytes], key.fileobj).read(_CHUNK_BYTES)
            if chunk:
                self._output.write(cast(Stream, key.data), chunk)
            else:
                selector.unregister(key.fileobj)
        return bool(ready)

    def _end_rest(self) -> None:
        """Of a cancelled run, also what left its session: whoever lets a command finish may want to leave a service."""
        everywhere = self._cancelled
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._processes.are_running(everywhere=everywhere):
                return
            self._processes.send(number, everywhere=everywhere)
            until_s = clock.monotonic_s() + GRACE_S
            while self._processes.are_running(everywhere=everywhere) and clock.monotonic_s() < until_s:
                clock.sleep_s(_POLL_S)


def shell_words(command: str) -> list[str]:
    import shutil

    return [shutil.which("bash") or "sh", "-c", command]
