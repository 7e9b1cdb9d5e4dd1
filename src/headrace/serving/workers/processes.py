"""Processes of a model as the front starts and ends them: of its own, or forked from a template."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from headrace.environments import Environment
from headrace.errors import StoreUnavailable
from headrace.serving.workers.template import BORN, REPORT

_MAIN = "headrace.serving.workers.main"
_STATUS_S = 5.0  # for a process whose channel has closed to be gone


class Process(Protocol):
    pid: int

    async def status(self) -> int | None:
        """How it ended, as `subprocess` has it; to be asked when it is ending. None if nobody saw it."""
        ...

    def lives(self) -> bool: ...


def kill(process: Process) -> None:
    """With what it has started itself: each one leads a group."""
    if not process.lives():
        return
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(process.pid, signal.SIGKILL)


async def _gone(process: Process) -> None:
    """A process that has closed its channel and goes on is no use to anybody."""
    try:
        async with asyncio.timeout(_STATUS_S):
            while process.lives():  # noqa: ASYNC110 — nothing tells when
                await asyncio.sleep(0.002)
    except TimeoutError:
        kill(process)


class Spawned:
    def __init__(self, environment: Environment, variables: Mapping[str, str], fds: Sequence[int]) -> None:
        with environment.in_use() as kept:
            self._popen = subprocess.Popen(  # noqa: S603 — no shell
                environment.command("-m", _MAIN, *map(str, fds)),
                env=environment.variables(variables),
                pass_fds=(*fds, *kept),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def lives(self) -> bool:
        return self._popen.poll() is None

    async def status(self) -> int | None:
        await _gone(self)
        return await asyncio.to_thread(self._popen.wait)


class Forked:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._told = asyncio.Event()

    def tell(self, code: int | None) -> None:
        """By the template, how it ended; None if it can't any more."""
        self._code = code
        self._told.set()

    def lives(self) -> bool:
        if self._code is not None:
            return False
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] not in "ZX"  # whoever inherited it may never ask how it ended

    async def status(self) -> int | None:
        await _gone(self)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STATUS_S):
                await self._told.wait()
        return self._code


class Template:
    """The front's side of `template`. process: of the template itself."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self.process = process
        self._control = control
        self._births: list[asyncio.Future[Forked]] = []
        self._children: dict[int, Forked] = {}
        self._loop = asyncio.get_running_loop()
        control.setblocking(False)
        self._loop.add_reader(control.fileno(), self._hear)
        self.alive = True

    async def fork(self, channel: socket.socket) -> Forked:
        """channel: the process's end. StoreUnavailable if there can't be another process."""
        born: asyncio.Future[Forked] = self._loop.create_future()
        self._births.append(born)
        try:
            socket.send_fds(self._control, [b"f"], [channel.fileno()])
        except OSError:
            self.close()
        return await born

    def _hear(self) -> None:
        try:
            said = self._control.recv(REPORT.size)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            said = b""
        if not said:
            self.close()
            return
        pid, what = REPORT.unpack(said)
        if what != BORN:
            child = self._children.pop(pid, None)
            if child is not None:
                child.tell(what)
            return
        born = self._births.pop(0)
        if pid > 0:
            self._children[pid] = Forked(pid)
        if born.done():
            return  # nobody waits for it any more; it ends when it sees that
        if pid > 0:
            born.set_result(self._children[pid])
        else:
            born.set_exception(StoreUnavailable(f"No process can be forked: {os.strerror(-pid)}."))

    def close(self) -> None:
        """The template ends, and what is forked from it with it; where it died, its forks live on."""
        if not self.alive:
            return
        self.alive = False
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        for born in self._births:
            if not born.done():
                born.set_exception(StoreUnavailable("The process that others are forked from has ended."))
        for child in self._children.values():
            child.tell(None)
