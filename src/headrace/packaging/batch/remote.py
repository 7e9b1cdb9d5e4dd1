"""A model in a child process in its own environment, asked chunk by chunk over two pipes.

A message is its length (8 bytes, big-endian), a line of JSON, and a body: a frame as an Arrow stream, an array as .npy,
anything else in the JSON. Arrow and .npy mean the same to any versions of pandas and numpy, and hold no code. The child
ends when the parent's end of its pipe does.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from headrace.errors import HeadraceError, UserCodeError
from headrace.lazy import optional_import
from headrace.packaging.batch.job import Job, prepared
from headrace.packaging.payload.answer import jsonable, to_json
from headrace.packaging.trust import Origin

_LENGTH_BYTES = 8


class RemoteModel:
    """Threads may share it: they take turns."""

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        *,
        allow_pickle: bool | None,
        model_config: Mapping[str, Any],
        env_manager: str,
        variables: Mapping[str, str],
    ) -> None:
        asked = Job(folder=folder, origin=origin, allow_pickle=allow_pickle)
        environment = prepared(asked, env_manager, needs=("pandas", "pyarrow"))
        job = {
            "folder": str(folder),
            "root": str(origin.root) if origin.root else None,
            "creator": origin.creator,
            "caller": origin.caller,
            "allow_pickle": allow_pickle,
            "model_config": dict(model_config) or None,
        }
        their_requests, our_requests = os.pipe()
        our_answers, their_answers = os.pipe()
        self._lock = threading.Lock()
        with environment.in_use() as kept:
            self._child = subprocess.Popen(  # noqa: S603 — no shell
                environment.command(
                    "-m", "headrace.packaging.batch.serve", str(their_requests), str(their_answers), json.dumps(job)
                ),
                env=environment.variables(variables),
                pass_fds=(their_requests, their_answers, *kept),
                stdin=subprocess.DEVNULL,
            )
        os.close(their_requests)
        os.close(their_answers)
        self._requests = os.fdopen(our_requests, "wb")
        self._answers = os.fdopen(our_answers, "rb")
        try:
            self._receive()  # loaded
        except BaseException:
            self.close()
            raise

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        with self._lock:
            try:
                send(self._requests, data, params=params)
            except BrokenPipeError:
                raise self._ended() from None
            return self._receive()

    def _receive(self) -> Any:
        message = receive(self._answers)
        if message is None:
            raise self._ended()
        value, header = message
        if "error" in header:
            raise (HeadraceError if header["ours"] else UserCodeError)(header["error"], header["code"])
        return value

    def _ended(self) -> UserCodeError:
        status = self._child.wait()
        self.close()
        return UserCodeError(f"The model's process ended with status {status}; see what it wrote to standard error.")

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # what it never read
            self._requests.close()
        self._child.wait()
        self._answers.close()


def send(pipe: BinaryIO, value: Any, **header: Any) -> None:
    body = b""
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        arrow = optional_import("pyarrow")
        table = arrow.Table.from_pandas(value, preserve_index=False)
        sink = io.BytesIO()
        with arrow.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        header["kind"], body = "frame", sink.getvalue()
    elif isinstance(value, np.ndarray) and value.dtype.kind != "O":
        sink = io.BytesIO()
        np.save(sink, value, allow_pickle=False)
        header["kind"], body = "array", sink.getvalue()
    else:
        header["kind"], header["value"] = "json", jsonable(value)
    line = to_json(header).encode() + b"\n"
    pipe.write((len(line) + len(body)).to_bytes(_LENGTH_BYTES, "big") + line)
    pipe.write(body)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[Any, dict[str, Any]] | None:
    """None at the end."""
    start = pipe.read(_LENGTH_BYTES)
    if len(start) < _LENGTH_BYTES:
        return None
    message = pipe.read(int.from_bytes(start, "big"))
    line, _, body = message.partition(b"\n")
    header: dict[str, Any] = json.loads(line)
    if header["kind"] == "frame":
        return optional_import("pyarrow").ipc.open_stream(body).read_all().to_pandas(), header
    if header["kind"] == "array":
        return np.load(io.BytesIO(body), allow_pickle=False), header
    return header["value"], header
