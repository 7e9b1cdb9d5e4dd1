"""Where a model's process begins: python -m headrace.serving.workers.main CHANNEL [CONTROL], two sockets' numbers.

With a control socket it is to be a template if that is safe, else it serves by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import os
import signal
import socket
import sys
import traceback
import warnings

from headrace.errors import HeadraceError
from headrace.serving.hosts.base import Host
from headrace.serving.workers import template
from headrace.serving.workers.emitting import Emitter
from headrace.serving.workers.frames import Failed, Ready, Start, reader_of, receive
from headrace.serving.workers.serving import Serving

_PR_SET_PDEATHSIG = 1


def main(channel_fd: int, control_fd: int | None) -> int:
    _settle_in()
    channel = socket.socket(fileno=channel_fd)
    stream = reader_of(channel)
    start = receive(stream)
    if not isinstance(start, Start):
        return 0  # the front has changed its mind, or is gone
    before = template.open_files()
    try:
        host = _opened(start)
    except BaseException as error:  # noqa: BLE001 — loading runs the user's code, which may even exit
        Emitter(channel).send(_failed(error))
        return 1
    if control_fd is not None and template.is_safe(before):
        _die_with_front(0)  # it ends its forks first
        Emitter(channel).send(Ready(host.facts, template=True))
        given = template.run(socket.socket(fileno=control_fd))
        if given is None:
            host.close()
            return 0
        stream.close()
        channel.close()
        channel, stream = given, reader_of(given)
    _widen_blas(start.blas_threads)
    # Python remembers each text that it warned with: requests with names of their own would fill memory.
    warnings.filterwarnings("ignore", category=UserWarning, module="headrace")
    Emitter(channel).send(Ready(host.facts))
    return Serving(channel, stream, host).run()


def _settle_in() -> None:
    """What the model prints goes to standard error. Signals for the whole service are the front's to act on, which has
    calls to finish first."""
    os.dup2(2, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(Exception):
        faulthandler.enable()
    _die_with_front(signal.SIGKILL)


def _die_with_front(number: int) -> None:
    """Code that never lets go of the interpreter wouldn't notice that the front is gone. 0: it will be noticed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def _opened(start: Start) -> Host:
    module, _, name = start.host.partition(":")
    made: Host = getattr(importlib.import_module(module), name)(start.spec)
    return made


def _widen_blas(threads: int) -> None:
    """It starts its threads when it is imported, so it had one while a fork might come."""
    if threads > 1:
        with contextlib.suppress(ImportError):
            importlib.import_module("threadpoolctl").threadpool_limits(threads, user_api="blas")


def _failed(error: BaseException) -> Failed:
    if isinstance(error, HeadraceError):
        return Failed(error.message, error.error_code)
    traceback.print_exception(error)
    return Failed(f"The model can't be loaded: {type(error).__name__}: {error}", HeadraceError.code)


if __name__ == "__main__":
    _status = main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_status)  # threads of the model's libraries may never end
