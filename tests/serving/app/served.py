"""`headrace models serve` as a child process, on a port that the system chose."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import headrace

HEADRACE = str(Path(sys.executable).with_name("headrace"))
READY = re.compile(r"Headrace is serving .* on (https?://\S+)")
STOP_S = 60
# Multiplies input x; waits for as long as `wait_s` says; dies where there is `die`. It needs no pandas, which takes
# long to import.
MODEL = """
import os
import time

from headrace.models import set_model
from headrace.pyfunc import PythonModel


class Scaled(PythonModel):
    def predict(self, context, model_input, params=None):
        if "die" in model_input:
            os._exit(3)
        if "key" in model_input:
            return ["HEADRACE_SERVE_API_KEYS" in os.environ]
        if "wait_s" in model_input:
            time.sleep(float(max(model_input["wait_s"])))
        return model_input["x"] * FACTOR


set_model(Scaled())
"""


def save_scaled(folder: Path, factor: float) -> str:
    code = folder.with_suffix(".py")
    code.write_text(MODEL.replace("FACTOR", str(factor)), encoding="utf-8")
    headrace.pyfunc.save_model(str(folder), python_model=str(code))
    return str(folder)


@dataclass
class Served:
    """said: what it wrote to standard error; complete when it has ended."""

    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def end(self) -> int:
        """By SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def serving(*arguments: str, variables: Mapping[str, str] | None = None) -> Iterator[Served]:
    process = subprocess.Popen(
        [HEADRACE, "models", "serve", "--port", "0", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    listener = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
    listener.start()
    try:
        line = process.stdout.readline()
        found = READY.search(line)
        if found is None:
            process.wait(STOP_S)
            listener.join(STOP_S)
            raise AssertionError(f"it ended with {process.returncode}: {line}{''.join(said)}")
        yield Served(url=found[1], process=process, said=said)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)
        listener.join(STOP_S)
        process.stdout.close()
        process.stderr.close()
