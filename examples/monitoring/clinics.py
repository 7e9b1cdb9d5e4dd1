"""A served model meets data that it wasn't trained on: the alarm, what it says, and the picture.

    python examples/monitoring/clinics.py [--folder DIR]

A regression on the records of 442 diabetes patients is served from a registry in DIR (a temporary folder if absent).
First come patients like those of the study. Then a new clinic joins: it sends blood pressure in kPa instead of mmHg,
and a third of its patients have no blood sugar value. `headrace monitor` compares both streams with the training data,
and tells a program on a real socket.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
from rich.console import Console
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import headrace as mlflow
from headrace.registry.webhooks import verified

NAME, ALIAS = "progression", "champion"
HEADRACE = [sys.executable, "-c", "from headrace.cli import main; main()"]
COLUMNS = {"bp": "blood_pressure", "s1": "cholesterol", "s2": "ldl", "s3": "hdl", "s5": "triglycerides", "s6": "sugar"}
SECRET = "between the watcher and the clinic"
MMHG_IN_KPA = 0.133322
DRIFT_STATUS = 3
WAIT_S = 60
# The receiver is on this machine; webhooks may lead to public https addresses only, unless a watcher is told so.
LOOSE = {"HEADRACE_WEBHOOK_ALLOW_PRIVATE": "true", "HEADRACE_WEBHOOK_ALLOWED_SCHEMES": "https,http"}

console = Console(soft_wrap=True, highlight=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folder", type=Path, help="where the store, the samples and the picture go; must be empty")
    folder = (options.parse_args().folder or Path(tempfile.mkdtemp(prefix="headrace-monitoring-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"HEADRACE_TRACKING_URI": str(folder / "store"), "HEADRACE_MONITOR_WEBHOOK_SECRET": SECRET, **LOOSE}
    patients = study()
    heading("1. A model that remembers what it was trained on")
    register(patients)

    with receiver() as (hook, told), server(folder) as address:
        heading("2. Patients like those of the study")
        ask(address, alike(patients, 400, seed=1))
        watch(folder, hook, expected=0)

        heading("3. A new clinic")
        ask(address, of_new_clinic(alike(patients, 400, seed=2)))
        watch(folder, hook, "--picture", "drift.png", expected=DRIFT_STATUS)

        heading("4. What the webhook was told")
        message, genuine = told.get(timeout=WAIT_S)
        say(
            f"{message['entity']}.{message['action']}: {', '.join(one['column'] for one in message['data']['columns'])}"
        )
        say(f"signature verified: {'yes' if genuine else 'NO'}; further messages: {told.qsize()}")
        say(f"The picture: {folder / 'drift.png'}")


def study() -> pd.DataFrame:
    return load_diabetes(as_frame=True, scaled=False).frame.rename(columns=COLUMNS)


def register(patients: pd.DataFrame) -> None:
    x = patients.drop(columns=["target", "s4"])
    model = make_pipeline(SimpleImputer(), StandardScaler(), Ridge()).fit(x, patients["target"])
    mlflow.set_experiment("diabetes")
    with mlflow.start_run():
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=x.head(2),
            training_data=x,
            registered_model_name=NAME,
            pip_requirements=["scikit-learn"],
        )
    version = str(info.registered_model_version)
    mlflow.MlflowClient().set_registered_model_alias(NAME, ALIAS, version)
    kept = Path(mlflow.artifacts.download_artifacts(f"{info.model_uri}/profile.json"))
    say(f"models:/{NAME}@{ALIAS} is version {version}; its profile.json has {kept.stat().st_size:,} bytes.")


def alike(patients: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Patients of the study, each measured anew."""
    random = np.random.default_rng(seed)
    rows = patients.drop(columns=["target", "s4"]).sample(count, replace=True, random_state=seed)
    measured = rows.columns.drop(["age", "sex"])
    noise = random.normal(1, 0.02, (count, len(measured)))
    return rows.assign(**dict(zip(measured, (rows[measured].to_numpy() * noise).T, strict=True)))


def of_new_clinic(patients: pd.DataFrame) -> pd.DataFrame:
    random = np.random.default_rng(3)
    return patients.assign(
        blood_pressure=patients["blood_pressure"] * MMHG_IN_KPA,
        sugar=patients["sugar"].where(random.random(len(patients)) > 1 / 3),
    )


def ask(address: str, patients: pd.DataFrame) -> None:
    """One request a patient, over one connection."""
    connection = http.client.HTTPConnection(str(urlsplit(address).netloc), timeout=WAIT_S)
    answers = []
    for record in patients.to_dict("records"):
        row = {name: None if math.isnan(value) else value for name, value in record.items()}
        body = json.dumps({"dataframe_records": [row]})
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"The model answered {answer.status}: {content.decode()}")
        answers += json.loads(content)["predictions"]
    connection.close()
    say(f"{len(answers)} requests; the median prediction is {np.median(answers):.0f}.")


def watch(folder: Path, hook: str, *options: str, expected: int) -> None:
    """The samples of the last requests may be on their way to the disk still."""
    time.sleep(1)
    command = ["monitor", f"models:/{NAME}@{ALIAS}", "--samples", "samples", *options, "--webhook", hook]
    console.print(f"  [dim]$ headrace {' '.join(command)}[/]")
    ended = subprocess.run(
        [*HEADRACE, *command],
        cwd=folder,
        env={**os.environ, "COLUMNS": "118"},
        capture_output=True,
        text=True,
        check=False,
    )
    say(ended.stdout + ended.stderr)
    say(f"exit status {ended.returncode}")
    if ended.returncode != expected:
        raise SystemExit(f"{expected} was expected.")


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
        yield f"http://127.0.0.1:{listening.server_port}/drift", told
        listening.shutdown()
        thread.join()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address at which the model answers."""
    command = ["models", "serve", "-m", f"models:/{NAME}@{ALIAS}", "--port", "0", "--samples", "samples"]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen([*HEADRACE, *command], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if " on http" not in line:
            raise SystemExit(f"The model isn't served: {(folder / 'serve.log').read_text()}")
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait()


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


def say(text: str) -> None:
    for line in text.splitlines():
        console.print(f"  {line}", markup=False)


if __name__ == "__main__":
    main()
