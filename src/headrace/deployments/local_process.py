"""The processes of a local deployment: started on their own, waited for until they answer, stopped."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import sys

import msgspec

from headrace import clock
from headrace.client.json_service import JsonService
from headrace.deployments.local_records import Record, born_at
from headrace.errors import CallerError, HeadraceError, InvalidValue, TimedOut

_PAUSE_S = 0.05
_SHOWN_LINES = 25  # of its log, where it can't start: the reason comes last


class NotServed(CallerError):
    """The model's server ended before it answered; the message holds what it said."""


def serve(record: Record, *, workers: int | None, env_manager: str, options: str, timeout_s: float) -> Record:
    """The record with its process, once that answers. NotServed, TimedOut: nothing of it runs then."""
    more = _words(options)
    port = record.port or _free_port(record.host)
    words = [sys.executable, "-m", "headrace", "models", "serve", "--model-uri", record.model_uri]
    words += ["--host", record.host, "--port", str(port), "--env-manager", env_manager]
    words += ["--workers", str(workers)] if workers else []
    pid = os.posix_spawn(
        sys.executable,
        [*words, *more],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(record.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # a hangup or Ctrl-C of the terminal isn't its affair
    )
    started = msgspec.structs.replace(record, port=port, pid=pid, born=born_at(pid))
    try:
        _wait(started, timeout_s)
    except BaseException:
        stop(started, 0.0)
        raise
    return started


def stop(record: Record, grace_s: float) -> None:
    """Returns when its process is gone: asked to end first, killed with its group after `grace_s`."""
    if not record.alive:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    deadline_s = clock.monotonic_s() + grace_s
    while record.alive:
        if clock.monotonic_s() > deadline_s:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(record.pid, signal.SIGKILL)
        clock.sleep_s(_PAUSE_S)


def _words(options: str) -> list[str]:
    try:
        return shlex.split(options)
    except ValueError as error:
        raise InvalidValue("options", options, f"words as on a command line: {error}.") from None


def _wait(record: Record, timeout_s: float) -> None:
    deadline_s = clock.monotonic_s() + timeout_s
    service = JsonService("The deployment", record.url)
    try:
        while not _answers(service):
            if not record.alive:
                raise NotServed(
                    f"The model {record.model_uri} isn't served; its process ended and said:\n{_end(record)}"
                )
            if clock.monotonic_s() > deadline_s:
                raise TimedOut(f"The model {record.model_uri} didn't answer within {timeout_s:g} s:\n{_end(record)}")
            clock.sleep_s(_PAUSE_S)
    finally:
        service.close()


def _answers(service: JsonService) -> bool:
    try:
        return service.exists("/ping")
    except HeadraceError:
        return False


def _end(record: Record) -> str:
    with contextlib.suppress(OSError):
        lines = record.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(lines[-_SHOWN_LINES:]) or "nothing"
    return "nothing"


def _free_port(host: str) -> int:
    """Somebody else may take it before the server does; then that says so."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as probe:
        return int(probe.getsockname()[1])
