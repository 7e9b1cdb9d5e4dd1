"""A process that has loaded the model for others, which are forked from it and share its memory.

It is safe where a fork is a whole copy: nothing runs beside the main thread, and no file or connection is open that the
copies would share, each moving it under the others. Files that are mapped may be.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
import selectors
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPORT = struct.Struct("<ii")
"""What the template says: (pid, BORN) for each fork in turn, (-errno, BORN) for one that failed, (pid, status) for an
end, as `subprocess` has it."""
BORN = 1 << 20
_OWN_FORK_HANDLERS = {"jemalloc_bg_thd"}  # pyarrow's allocator sees to its thread at a fork


def open_files() -> frozenset[int]:
    try:
        names = os.listdir("/proc/self/fd")  # noqa: PTH208 — names, no paths
    except OSError:
        return frozenset()
    return frozenset(int(name) for name in names if _is_open(int(name)))


def _is_open(number: int) -> bool:
    """The one that the listing itself had isn't any more."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def is_safe(before: frozenset[int]) -> bool:
    """before: the files that were open when the model wasn't loaded yet."""
    try:
        if set(_threads()) - _OWN_FORK_HANDLERS:
            return False
        mapped, writes = _mapped()
    except OSError:
        return False  # not Linux
    return not writes and all(_is_mapped(number, mapped) for number in open_files() - before)


def _threads() -> Iterator[str]:
    """The names of those beside the main one."""
    for number in os.listdir("/proc/self/task"):  # noqa: PTH208
        if int(number) != os.getpid():
            yield Path(f"/proc/self/task/{number}/comm").read_text().strip()


def _mapped() -> tuple[set[tuple[int, int]], bool]:
    """Device and number of the files that are mapped, and whether memory that forks would share is written to."""
    files, writes = set(), False
    for line in Path("/proc/self/maps").read_text().splitlines():
        found = re.match(r"\S+ (\S{4}) \S+ (\w+):(\w+) (\d+)", line)
        if found is None:
            continue
        access, major, minor, number = found.groups()
        files.add((os.makedev(int(major, 16), int(minor, 16)), int(number)))
        writes |= access[1] == "w" and access[3] == "s"
    return files, writes


def _is_mapped(number: int, mapped: set[tuple[int, int]]) -> bool:
    status = os.fstat(number)
    return (status.st_dev, status.st_ino) in mapped


def run(control: socket.socket) -> socket.socket | None:
    """Forks for each socket that comes until the front is gone. In a fork: its socket; in the template, at the end:
    None."""
    gc.collect()
    gc.freeze()
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    children: set[int] = set()
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == woken:
                    os.read(woken, 1 << 10)
                    _bury(children, control)
                    continue
                channel = _received(control)
                if channel is None:
                    _end(children)
                    return None
                pid = _fork()
                if pid == 0:
                    _be_own_process(control, woken, wakes)
                    return channel
                channel.close()
                if pid > 0:
                    children.add(pid)
                _report(control, pid, BORN)


def _received(control: socket.socket) -> socket.socket | None:
    """A front that ends without having read all resets the connection."""
    try:
        _, given, _, _ = socket.recv_fds(control, 1, 1)
    except OSError:
        return None
    return socket.socket(fileno=given[0]) if given else None


def _fork() -> int:
    """The process's number, 0 in itself, -errno where there can't be one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads beside; `is_safe` has looked at them
        try:
            return os.fork()
        except OSError as error:
            return -(error.errno or 1)


def _bury(children: set[int], control: socket.socket) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            _report(control, pid, os.waitstatus_to_exitcode(status))


def _report(control: socket.socket, pid: int, what: int) -> None:
    with contextlib.suppress(OSError):  # a front that is gone is noticed where the next socket would come
        control.send(REPORT.pack(pid, what))


def _end(children: set[int]) -> None:
    for pid in children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _be_own_process(control: socket.socket, *pipes: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    control.close()
    for end in pipes:
        os.close(end)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()  # else all of them would draw the same, as Python's own generator doesn't
