"""A registry that says no: gates before an alias, a webhook that hears of it, a history, and a byte that was flipped.

    python examples/registry/champion.py [--folder DIR]

Real chemistry of 178 wines, scikit-learn models, a server of its own in DIR (a temporary folder if absent), and a
program on a real socket that is told when the champion changes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from rich.console import Console
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import headrace as mlflow
from headrace.entities import Gate, MetricCheck, ModelPolicy, SchemaCheck
from headrace.errors import GateRefused, HeadraceError
from headrace.registry.webhooks import verified

NAME, ALIAS = "wine", "champion"
HEADRACE = [sys.executable, "-c", "from headrace.cli import main; main()"]
SECRET = "between the registry and the shop"  # in earnest: headrace webhooks create --new-secret
WAIT_S = 30
# The receiver is on this machine; webhooks may lead to public https addresses only, unless a server is told so.
LOOSE = {"HEADRACE_WEBHOOK_ALLOW_PRIVATE": "true", "HEADRACE_WEBHOOK_ALLOWED_SCHEMES": "https,http"}

console = Console(soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Candidate:
    """doctored: trained on a column that nobody who asks the model has."""

    name: str
    model: ClassifierMixin
    doctored: bool = False


CANDIDATES = (
    Candidate("a stump", DecisionTreeClassifier(max_depth=1, random_state=0)),
    Candidate("a forest that needs a new column", RandomForestClassifier(50, random_state=0), doctored=True),
    Candidate("a scaled regression", make_pipeline(StandardScaler(), LogisticRegression())),
)
INCUMBENT = Candidate("a tree", DecisionTreeClassifier(max_depth=4, random_state=0))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, help="where the server keeps runs and files; must be empty")
    folder = options.parse_args().folder or Path(tempfile.mkdtemp(prefix="headrace-registry-"))
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HEADRACE_SUPPRESS_PRINTING_URL_TO_STDOUT", "1")
    with receiver() as (hook, told), server(folder) as url:
        mlflow.set_tracking_uri(url)
        mlflow.set_experiment("wine")
        play(folder, hook, told)


def play(folder: Path, hook: str, told: Queue[Any]) -> None:
    client = mlflow.MlflowClient()
    heading("1. A champion, and what whoever follows it must pass")
    first = register(INCUMBENT)
    client.set_registered_model_alias(NAME, ALIAS, first, comment="the first one that works")
    accuracy = MetricCheck(metric="accuracy", minimum=0.9, better="higher", margin=0.01)
    gate = Gate(alias=ALIAS, checks=(accuracy, SchemaCheck()))
    client.set_model_policy(NAME, ModelPolicy(gates=(gate,)), comment="as agreed with the shop")
    say(f"@{ALIAS} is version {first}. The next one needs accuracy of 0.9, 0.01 more than the holder, and its inputs.")
    client.create_webhook("shop", hook, ["model_version_alias.created"], secret=SECRET)
    say("The shop's webhook will be told.")

    heading("2. Three candidates")
    for candidate in CANDIDATES:
        version = register(candidate)
        attempt(
            f"@{ALIAS} → version {version}",
            lambda version=version: client.set_registered_model_alias(
                NAME, ALIAS, version, comment="better on the test set"
            ),  # type: ignore[misc]
        )

    heading("3. What the shop was told")
    message, genuine = told.get(timeout=WAIT_S)
    say(f"{message['entity']}.{message['action']}: {json.dumps(message['data'])}")
    say(f"signature verified: {'yes' if genuine else 'NO'}; further messages: {told.qsize()}")

    heading("4. The history")
    show("models", "history", NAME, "--alias", ALIAS)
    show("models", "history", NAME, "--check")

    heading("5. A byte of the champion's file is flipped on the server's disk")
    champion = client.get_model_version_by_alias(NAME, ALIAS)
    flipped = flip_a_byte(folder, str(champion.model_id))
    say(f"{flipped.name}: one bit of {flipped.stat().st_size} bytes")
    attempt(f"load models:/{NAME}@{ALIAS}", lambda: mlflow.sklearn.load_model(f"models:/{NAME}@{ALIAS}"))


def register(candidate: Candidate) -> str:
    """Its version: trained, logged with metric and signature, registered."""
    data = load_wine(as_frame=True)
    table = data.data.assign(tannin_index=data.data["total_phenols"] * 2) if candidate.doctored else data.data
    x_train, x_test, y_train, y_test = train_test_split(
        table, data.target, test_size=0.4, random_state=0, stratify=data.target
    )
    with mlflow.start_run(run_name=candidate.name):
        model = candidate.model.fit(x_train, y_train)
        accuracy = model.score(x_test, y_test)
        mlflow.log_metric("accuracy", accuracy)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=mlflow.models.infer_signature(x_train, model.predict(x_train)),
            registered_model_name=NAME,
            pip_requirements=["scikit-learn"],
        )
    version = str(info.registered_model_version)
    say(f"version {version}: {candidate.name}, accuracy {accuracy:.3f}, {x_train.shape[1]} columns")
    return version


def attempt(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except GateRefused as error:
        console.print(f"  [red]refused[/]  {what}")
        say(error.message)
    except HeadraceError as error:
        console.print(f"  [red]caught[/]   {what}")
        say(error.message)
    else:
        console.print(f"  [green]done[/]     {what}")


def flip_a_byte(folder: Path, model_id: str) -> Path:
    largest = max(
        (path for path in folder.rglob(f"*{model_id}/artifacts/*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    return largest


@contextmanager
def receiver() -> Iterator[tuple[str, Queue[Any]]]:
    """The address of a program that keeps what it is told, with whether the signature is genuine."""
    told: Queue[Any] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.put((json.loads(body), verified(SECRET, dict(self.headers), body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/champions", told
        listening.shutdown()
        thread.join()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*HEADRACE, "server", "--port", "0"],
            cwd=folder,
            env={**os.environ, **LOOSE},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "listening on" not in line:
            raise SystemExit(f"The server in {folder} didn't start: {(folder / 'server.log').read_text()}")
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait()


def show(*command: str) -> None:
    """Runs a command of Headrace's, as one would type it."""
    console.print(f"  [dim]$ headrace {' '.join(command)}[/]")
    uri = mlflow.get_tracking_uri()
    ended = subprocess.run(
        [*HEADRACE, *command, "--tracking-uri", uri],
        env={**os.environ, "COLUMNS": "118"},
        capture_output=True,
        text=True,
        check=False,
    )
    for line in (ended.stdout or ended.stderr).splitlines():
        console.print(f"  {line}", markup=False)


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def say(text: str) -> None:
    for line in text.splitlines():
        console.print(f"  {line}", markup=False)


if __name__ == "__main__":
    main()
