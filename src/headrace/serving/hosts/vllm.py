"""vLLM as the engine of a saved Transformers chat: a process of its own, which speaks OpenAI's dialect already.

`vllm serve` gets the model's weights and tokenizer as one folder, a free port on the loopback and a key that nobody
else knows. Calls go on to it with the name that it serves the model by; answers come back as they are, but for
/invocations, which MLflow's clients expect as a list. When it ends, the model's process ends, and both are replaced.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from headrace import clock, settings
from headrace.errors import InvalidValue, StoreUnavailable, TimedOut, UserCodeError
from headrace.packaging.llm.task import CHAT, COMPLETIONS
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.source import Source
from headrace.serving.call import PATHS, Call, Kind, Reply, Usage
from headrace.serving.hosts.asking import json_object, refusal
from headrace.serving.hosts.base import Emit
from headrace.serving.hosts.described import described
from headrace.serving.problems import problem, told
from headrace.serving.spec import ModelSpec

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.2
_STOP_S = 20.0
_PART_BYTES = 1 << 16


class VllmHost:
    def __init__(self, source: Source, spec: ModelSpec) -> None:
        """Returns when vLLM is ready, which takes minutes with large models. UserCodeError where it ends before."""
        began = clock.monotonic_s()
        task = _task(source.model)
        self._kinds: dict[Kind, Kind] = {"invocations": "completions", "completions": "completions"}
        if task == CHAT:
            self._kinds |= {"invocations": "chat", "chat": "chat"}
        self._name, self._key = spec.name, secrets.token_hex(16)
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-vllm-")
        self._calls = ThreadPoolExecutor(spec.concurrency, thread_name_prefix="vllm")
        self._open: dict[int, socket.socket] = {}
        self._cancelled: set[int] = set()
        _gather(source, Path(self._folder.name))
        self._port = _free_port()
        self._process = self._start(spec)
        try:
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise
        self.model_id, self.metadata = source.model.model_id, source.model
        self.facts = described(
            self,
            kinds=sorted(self._kinds),
            feeding="engine",
            load_s=clock.monotonic_s() - began,
            concurrency=spec.concurrency,
            streams=True,
        )

    def take(self, calls: Sequence[Call], emit: Emit) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"vLLM has ended with status {self._process.returncode}")
        for call in calls:
            self._calls.submit(self._answer, call, emit)

    def cancel(self, call_id: int) -> None:
        """vLLM gives an answer up when its connection ends."""
        self._cancelled.add(call_id)
        sock = self._open.get(call_id)
        if sock is not None:
            _cut(sock)

    def close(self) -> None:
        for sock in list(self._open.values()):
            _cut(sock)
        self._calls.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()

    def _start(self, spec: ModelSpec) -> subprocess.Popen[bytes]:
        command = [*shlex.split(settings.VLLM.get()), "serve", self._folder.name, "--host", "127.0.0.1"]
        # A pickle among the weights is never opened, nor code beside them.
        command += ["--port", str(self._port), "--served-model-name", spec.name, "--load-format", "safetensors"]
        environment = {**os.environ, "VLLM_API_KEY": self._key, "HF_HUB_OFFLINE": "1"}
        try:
            return subprocess.Popen(  # noqa: S603 — who serves says what vLLM is
                command,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 — one system call; no other thread runs yet
            )
        except FileNotFoundError:
            self._folder.cleanup()
            raise UserCodeError(
                f"The engine vllm was asked for, and there is no command {command[0]!r}. Install vllm where there is a "
                f"GPU, or say in {settings.VLLM.names[0]} how it is started."
            ) from None

    def _wait_until_ready(self) -> None:
        while True:
            if self._process.poll() is not None:
                raise UserCodeError(
                    f"vLLM ended with status {self._process.returncode} before it was ready; its output says why."
                )
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = self._connection(_LOOK_S * 10)
                try:
                    connection.request("GET", "/health")
                    if connection.getresponse().status == 200:
                        return
                finally:
                    connection.close()
            clock.sleep_s(_LOOK_S)

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=timeout_s)

    def _answer(self, call: Call, emit: Emit) -> None:
        left_s = call.deadline - clock.monotonic_s()
        if call.id in self._cancelled:
            self._cancelled.discard(call.id)
            return
        try:
            body = self._body(call)
        except Exception as error:  # noqa: BLE001 — whatever a body holds, it ends this call alone
            emit.done(call.id, refusal(call, error))
            return
        connection = self._connection(max(left_s, 0.001))
        try:
            connection.connect()
            self._open[call.id] = connection.sock  # a response of unknown length takes it from the connection
            if call.id in self._cancelled:
                return
            self._pass_on(call, body, connection, emit)
        except TimeoutError:
            late = TimedOut("The request's time was over before the answer was complete.")
            emit.done(call.id, problem(call.kind, late))
        except (OSError, http.client.HTTPException):
            gone = StoreUnavailable("The model's engine broke off; try again.")
            emit.done(call.id, problem(call.kind, gone))
        except Exception as error:  # noqa: BLE001 — the engine's answer may be anything, and the call waits for its end
            emit.done(call.id, problem(call.kind, told(error, "asking vLLM")))
        finally:
            self._open.pop(call.id, None)
            self._cancelled.discard(call.id)
            connection.close()

    def _body(self, call: Call) -> bytes:
        body = {**json_object(call.body), "model": self._name}
        field = "messages" if self._kinds[call.kind] == "chat" else "prompt"
        if call.kind == "invocations" and field not in body:
            raise BadPayload(f"A model that vLLM runs takes an object with {field!r}, as OpenAI's clients send it.")
        return json.dumps(body).encode()  # which has a form for all that JSON brought: halves of surrogate pairs, too

    def _pass_on(self, call: Call, body: bytes, connection: http.client.HTTPConnection, emit: Emit) -> None:
        began = clock.monotonic_s()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        connection.request("POST", PATHS[self._kinds[call.kind]], body, headers)
        response = connection.getresponse()
        content_type = response.headers.get("Content-Type", "application/json")
        if response.status == 200 and content_type.startswith("text/event-stream"):
            emit.head(call.id, 200, content_type)
            while data := response.read1(_PART_BYTES):
                emit.part(call.id, data)
                if clock.monotonic_s() > call.deadline:
                    raise TimeoutError
            took_s = clock.monotonic_s() - began
            emit.done(call.id, Reply(status=200, body=b"", rows=1, predict_s=took_s))
            return
        data = response.read()
        took_s = clock.monotonic_s() - began
        emit.done(call.id, _reply(call, response.status, data, took_s))


def _reply(call: Call, status: int, data: bytes, took_s: float) -> Reply:
    try:
        answer = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError):
        answer = None
    if not isinstance(answer, dict):
        return problem(call.kind, StoreUnavailable(f"The model's engine answered {status} without JSON."))
    if status != 200:
        error = answer.get("error", answer)  # older versions have its fields at the top
        message = str(error.get("message", "")) if isinstance(error, dict) else str(error)
        field = error.get("param") if isinstance(error, dict) else None
        return problem(call.kind, InvalidValue(field, message=message), status=status)
    used = answer.get("usage") or {}
    return Reply(
        status=200,
        body=b"[" + data + b"]" if call.kind == "invocations" else data,
        rows=1,
        usage=Usage(prompt=int(used.get("prompt_tokens", 0)), completion=int(used.get("completion_tokens", 0))),
        predict_s=took_s,
    )


def _task(model: Model) -> str:
    task = (model.metadata or {}).get("task")
    if "transformers" not in model.flavors or task not in (CHAT, COMPLETIONS):
        raise InvalidValue(
            "engine", "vllm", f"it runs models of the transformers flavor whose task is {CHAT} or {COMPLETIONS}"
        )
    return str(task)


def _gather(source: Source, folder: Path) -> None:
    """Links to the model's files and its tokenizer's, in one folder as vLLM wants them."""
    keys = source.flavor("transformers")
    if not keys.get("model_binary"):
        raise InvalidValue("engine", "vllm", "the model holds no weights, only where they are on the hub")
    for name in ("components/tokenizer", str(keys["model_binary"])):
        for path in source.file(name).iterdir():
            link = folder / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path.absolute())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _end_with_parent() -> None:
    """On Linux; elsewhere a model's process that is killed leaves vLLM behind. Signals that the model's process ignores
    would be ignored here, too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
