"""A training that knows nothing of servers that fail: a point at each step, and now and then a checkpoint.

    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 python train.py --steps 600

Kill the server while it runs, or don't start one: it runs to its end, at its own pace. It never waits for the server
before its end, and then for as long as HEADRACE_FLUSH_TIMEOUT says.
"""

import argparse
import json
import math
import time
from pathlib import Path

import headrace as mlflow


def train(steps: int, pace_s: float, folder: Path) -> str:
    weight = 1.0
    mlflow.set_experiment("reliability")
    with mlflow.start_run(run_name="night") as run:
        mlflow.log_params({"steps": steps, "lr": 0.01})
        for step in range(steps):
            weight -= 0.01 * weight
            mlflow.log_metrics({"loss": weight**2, "wave": math.sin(step / 10)}, step=step)
            if step % 100 == 99:
                checkpoint = folder / "checkpoint.json"  # the same file each time, as trainings do
                checkpoint.write_text(json.dumps({"step": step, "weight": weight}))
                mlflow.log_artifact(checkpoint, f"checkpoints/{step + 1}")
            time.sleep(pace_s)
        mlflow.log_text(f"{weight:.6f}\n", "weight.txt")
    return run.info.run_id


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--pace", type=float, default=0.01, help="Seconds that a step takes.")
    parser.add_argument("--folder", type=Path, default=Path(), help="Where checkpoints are written.")
    asked = parser.parse_args()
    print(f"run {train(asked.steps, asked.pace, asked.folder)}", flush=True)
