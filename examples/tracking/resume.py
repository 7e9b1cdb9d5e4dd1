"""A job that is interrupted and goes on where it stopped: the second part resumes the run by its id."""

import subprocess
import sys

import mlflow

STEPS = 10


def train(first: int, last: int) -> None:
    for step in range(first, last):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_id = sys.argv[1]
        done = len(mlflow.MlflowClient().get_metric_history(run_id, "loss"))
        with mlflow.start_run(run_id=run_id):
            train(done, STEPS)
        sys.exit()
    mlflow.set_experiment("resume")
    try:
        with mlflow.start_run() as run:
            train(0, STEPS // 2)
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        print(f"interrupted: {mlflow.get_run(run.info.run_id).info.status}")
    # A new process, as after a restart of the machine.
    subprocess.run([sys.executable, __file__, run.info.run_id], check=True)
    steps = [point.step for point in mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")]
    assert steps == list(range(STEPS))
    print(f"then {mlflow.get_run(run.info.run_id).info.status} after {len(steps)} steps")
