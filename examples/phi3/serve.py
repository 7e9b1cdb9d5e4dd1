"""Phi-3 served: both ways behind one address, asked with streaming, and a version that changes under load.

    python examples/phi3/serve.py [--out build/phi3] [--clients 4]

Logs and registers what pipeline.py and onnx_wrapper.py make, serves both by their aliases, asks them, and then
registers another version of the first while clients go on asking: every request is counted. Needs torch and
transformers.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from printing import console, heading

HERE = Path(__file__).parent
QUESTION = "What is the capital of Spain?"
PROMPT = f"<|user|>{QUESTION}<|end|><|assistant|>"
CHAT, COMEDIAN = "phi3-chat", "phi3-comedian"
BEFORE_S, AFTER_S, PATIENCE_S = 1.0, 1.0, 120.0


def log(script: str, out: Path) -> None:
    """Each makes a version of its model and moves the alias to it."""
    done = subprocess.run([sys.executable, HERE / script, "--out", out], check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{script} failed.")


@contextmanager
def served() -> Iterator[str]:
    """The address of a server that has both models."""
    models = [f"{name}=models:/{name}@champion" for name in (CHAT, COMEDIAN)]
    options = [word for model in models for word in ("-m", model)]
    command = [sys.executable, "-m", "headrace", "models", "serve", *options, "--port", "0", "--follow-every", "0.2"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        address = re.search(r"http://\S+", said)
        if address is None:
            sys.exit(f"The server didn't start: {said}")
        yield address[0].rstrip(".")
    finally:
        server.terminate()
        server.wait(60)


class Client:
    """A connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def post(self, path: str, body: dict[str, Any]) -> http.client.HTTPResponse:
        self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()


def ask_streaming(url: str, path: str, body: dict[str, Any], text_of: Callable[[dict[str, Any]], str | None]) -> None:
    """Prints the answer as it comes. text_of: a chunk's choice."""
    client = Client(url)
    begun = time.perf_counter()
    answer = client.post(path, {**body, "stream": True})
    if answer.status != 200:
        sys.exit(f"{path} answered {answer.status}: {answer.read().decode()}")
    console.print(f"  Question: {QUESTION}\n  Answer:   ", end="")
    first_s = None
    while line := answer.readline():
        if not line.startswith(b"data: {"):
            continue
        text = text_of(json.loads(line.removeprefix(b"data: "))["choices"][0])
        if text:
            first_s = first_s or time.perf_counter() - begun
            console.print(text, end="", markup=False)
    assert first_s is not None
    all_s = time.perf_counter() - begun
    console.print(f"\n  First piece after {first_s * 1000:.0f} ms, all after {all_s * 1000:.0f} ms")
    client.close()


def ask_chat(url: str) -> None:
    body = {"model": CHAT, "messages": [{"role": "user", "content": QUESTION}]}
    ask_streaming(url, "/v1/chat/completions", body, lambda choice: choice["delta"].get("content"))


def ask_comedian(url: str) -> None:
    ask_streaming(url, "/v1/completions", {"model": COMEDIAN, "prompt": PROMPT}, lambda choice: choice["text"])


class Load:
    """Clients that ask without a pause. versions: answers by the version that gave them."""

    def __init__(self, url: str, clients: int) -> None:
        self.versions: Counter[str] = Counter()
        self.failures: list[str] = []
        self._url, self._stopping = url, threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        client = Client(self._url)
        body = {"model": CHAT, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 16}
        while not self._stopping.is_set():
            try:
                answer = client.post("/v1/chat/completions", body)
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                client = Client(self._url)
                continue
            if answer.status == 200 and b"Madrid" in said:
                self.versions[answer.headers["x-headrace-revision"]] += 1
            else:
                self.failures.append(f"{answer.status}: {said[:200]!r}")
        client.close()

    def wait_for(self, version: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while version not in self.versions and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/phi3"), help="where the tiny Phi-3 is made")
    parser.add_argument("--clients", type=int, default=4, help="that ask while the version changes")
    arguments = parser.parse_args()

    heading("Both models, logged and registered")
    log("pipeline.py", arguments.out)
    log("onnx_wrapper.py", arguments.out)
    with served() as url:
        console.print(f"  Served at {url}")
        heading("Way 1, streamed")
        ask_chat(url)
        heading("Way 2, streamed")
        ask_comedian(url)
        heading(f"Another version of {CHAT}, while {arguments.clients} clients ask")
        load = Load(url, arguments.clients)
        time.sleep(BEFORE_S)
        log("pipeline.py", arguments.out)
        load.wait_for("2")
        time.sleep(AFTER_S)
        load.stop()
    for version, count in sorted(load.versions.items()):
        console.print(f"  Version {version} answered {count:,} requests")
    console.print(f"  Requests that failed: {len(load.failures)}")
    for failure in load.failures[:5]:
        console.print(f"    {failure}", markup=False)
    if load.failures or set(load.versions) != {"1", "2"}:
        sys.exit(1)


if __name__ == "__main__":
    main()
