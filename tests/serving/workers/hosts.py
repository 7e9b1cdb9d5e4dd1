"""Hosts for the tests' processes: each does to a call what its body says, `{"id": …, "do": …, "seconds": …}`."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headrace.errors import Forbidden
from headrace.serving.call import EVENTS, Call, Reply
from headrace.serving.facts import Facts, Feeding
from headrace.serving.hosts.base import Emit
from headrace.serving.spec import ModelSpec

_kept: list[Any] = []


def _raise(asked: dict[str, Any]) -> None:
    raise RuntimeError("a fault of the host's own")


def _print(asked: dict[str, Any]) -> None:
    print(asked["text"], flush=True)
    os.write(1, b"raw " + asked["text"].encode())


def _blas(asked: dict[str, Any]) -> dict[str, Any]:
    pools = importlib.import_module("threadpoolctl").threadpool_info()
    return {"threads": [each["num_threads"] for each in pools if each["user_api"] == "blas"]}


_DEEDS: dict[str, Any] = {
    "sleep": lambda asked: time.sleep(asked["seconds"]),
    "touch": lambda asked: Path(asked["path"]).touch(),
    "exit": lambda asked: os._exit(asked["status"]),
    "kill": lambda asked: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda asked: ctypes.string_at(0),
    "hold": lambda asked: ctypes.PyDLL(None).usleep(int(asked["seconds"] * 1e6)),  # the interpreter, all the time
    "leak": lambda asked: _kept.append(b"x" * asked["bytes"]),
    "stdin": lambda asked: {"stdin": sys.stdin.read()},
    "environment": lambda asked: {name: os.environ.get(name) for name in asked["names"]},
    "draw": lambda asked: {"drawn": float(importlib.import_module("numpy").random.random())},
    "blas": _blas,
    "raise": _raise,
    "print": _print,
}


class TestHost:
    """The reply's body says who answered: {"id", "pid", "batch"} and what else was asked for."""

    __test__ = False

    def __init__(self, feeding: Feeding, config: dict[str, Any]) -> None:
        self.facts = Facts(
            model_id="m-test",
            flavors=["test"],
            kinds=["invocations"],
            feeding=feeding,
            max_batch=config.get("max_batch", 64),
            concurrency=config.get("concurrency", 4),
            example=config.get("example"),
        )
        self._threads: list[threading.Thread] = []
        self._cancelled: set[int] = set()

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        if self.facts.feeding == "engine":
            for call in calls:
                thread = threading.Thread(target=self._answer, args=(call, emit, 1), daemon=True)
                thread.start()
            return
        for call in calls:
            self._answer(call, emit, len(calls))

    def _answer(self, call: Call, emit: Emit, batch: int) -> None:
        if not call.body.startswith(b"{"):
            emit.done(call.id, Reply(status=200, body=call.body, batch=batch))
            return
        asked = json.loads(call.body)
        told = {"id": asked.get("id"), "pid": os.getpid(), "batch": batch}
        told |= self._do(asked, call, emit) or {}
        if "parts" in asked:
            emit.done(call.id, Reply(status=200, body=b"", content_type=EVENTS))
        else:
            emit.done(call.id, Reply(status=200, body=json.dumps(told).encode(), batch=batch))

    def _do(self, asked: dict[str, Any], call: Call, emit: Emit) -> dict[str, Any] | None:
        match asked.get("do"):
            case "wait":  # until a file is there
                while not Path(asked["path"]).exists() and call.id not in self._cancelled:
                    time.sleep(0.002)
            case "stream":
                self._stream(asked, call, emit)
            case "cancelled":
                return {"cancelled": sorted(self._cancelled)}
            case str(name):
                return _DEEDS[name](asked)
        return None

    def _stream(self, asked: dict[str, Any], call: Call, emit: Emit) -> None:
        emit.head(call.id, 200, EVENTS)
        for number in range(asked["parts"]):
            if call.id in self._cancelled:
                break
            emit.part(call.id, f"{asked.get('id')}:{number};".encode() + b" " * asked.get("part_bytes", 0))
            time.sleep(asked.get("seconds", 0))
            if number == asked.get("dies_after"):
                os._exit(9)

    def cancel(self, call_id: int) -> None:
        self._cancelled.add(call_id)

    def close(self) -> None:
        pass


def open_batches(spec: ModelSpec) -> TestHost:
    return _opened("batches", spec)


def open_calls(spec: ModelSpec) -> TestHost:
    return _opened("calls", spec)


def open_engine(spec: ModelSpec) -> TestHost:
    return _opened("engine", spec)


def _opened(feeding: Feeding, spec: ModelSpec) -> TestHost:
    """model_config says what loading does: `load` is what `_do` would be for a call."""
    config = spec.model_config or {}
    if "import" in config:
        importlib.import_module(config["import"])
    match config.get("load"):
        case "thread":
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        case "connection":
            _kept.append(socket.socketpair())
        case "open file":
            _kept.append(Path(__file__).open())  # noqa: SIM115
        case "refuse":
            raise Forbidden("The model isn't trusted.")
        case "raise":
            raise LookupError("no weights here")
        case "exit":
            sys.exit(3)
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            time.sleep(3600)
        case "second waits":  # for this file; the first one leaves its mark
            mark = Path(f"{config['path']}.first")
            while mark.exists() and not Path(config["path"]).exists():
                time.sleep(0.005)
            mark.touch()
        case "once":  # while this file is there
            if not Path(config["path"]).exists():
                raise LookupError("the folder is gone")
    return TestHost(feeding, config)
