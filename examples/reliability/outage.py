"""A server that is killed in the middle of a training, and one that isn't there at all.

    python outage.py --folder /tmp/outage --down 60

First, `train.py` logs to a server, which is killed (kill -9) and stays away for --down seconds. The training goes on as
if nothing had happened; when the server is back, it has everything. Then the same training runs with no server from
beginning to end, and `headrace sync` sends what it logged.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import headrace as mlflow
from headrace.client.open import close_stores

TRAIN = Path(__file__).parent / "train.py"
HEADRACE = [sys.executable, "-m", "headrace"]
START_S = 60.0


class Server:
    """`headrace server` on a free port, over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*HEADRACE, "server", "--port", str(self.port)], cwd=self.folder, stdout=log, stderr=log
            )
        ends = time.monotonic() + START_S
        while time.monotonic() < ends:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit(f"The server doesn't start; see {self.folder / 'server.log'}.")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def training(server: Server, folder: Path, steps: int, flush_s: float) -> "subprocess.Popen[str]":
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": server.url,
        "HEADRACE_JOURNAL_DIR": str(folder / "journal"),
        "HEADRACE_FLUSH_TIMEOUT": str(flush_s),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    command = [sys.executable, TRAIN, "--steps", str(steps), "--folder", folder]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> str:
    """The id of its run."""
    printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"The training ended with status {process.returncode}.")
    return printed.split()[-1]


def check(url: str, run_id: str, steps: int) -> None:
    mlflow.set_tracking_uri(url)
    run = mlflow.get_run(run_id)
    client = mlflow.MlflowClient()
    for key in ("loss", "wave"):
        history = [point.step for point in client.get_metric_history(run_id, key)]
        assert history == list(range(steps)), f"{key}: {len(history)} of {steps}"
    for step in range(100, steps + 1, 100):
        found = mlflow.artifacts.load_dict(f"runs:/{run_id}/checkpoints/{step}/checkpoint.json")
        assert found["step"] == step - 1
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/weight.txt")
    close_stores()
    print(f"  the server has {2 * steps} points and {steps // 100 + 1} files; the run is {run.info.status}")


def killed_in_the_middle(folder: Path, steps: int, down_s: float) -> None:
    print(f"# A server that is killed in the middle, and away for {down_s:g} s")
    server = Server(folder / "server")
    server.start()
    try:
        process = training(server, folder / "killed", steps, flush_s=down_s + 60)
        checkpoint = folder / "killed" / "checkpoint.json"
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.01)
        server.kill()
        print("  killed; the training goes on")
        time.sleep(down_s)
        server.start()
        print("  the server is back")
        check(server.url, ended(process), steps)
    finally:
        server.kill()


def without_a_server(folder: Path, steps: int) -> None:
    print("# No server from beginning to end")
    server = Server(folder / "later")
    run_id = ended(training(server, folder / "alone", steps, flush_s=1))
    print("  the training has ended; what it logged waits in", folder / "alone" / "journal")
    server.start()
    try:
        subprocess.run([*HEADRACE, "sync", folder / "alone" / "journal", "--to", server.url, "--remove"], check=True)
        check(server.url, run_id, steps)
        assert not list((folder / "alone" / "journal").iterdir())
    finally:
        server.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="A new folder for servers and journals.")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--down", type=float, default=60, help="Seconds that the server stays away.")
    asked = parser.parse_args()
    killed_in_the_middle(asked.folder.absolute(), asked.steps, asked.down)
    without_a_server(asked.folder.absolute(), asked.steps)
