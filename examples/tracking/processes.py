"""Worker processes that log to one experiment: children started by spawn, each with a run below the parent's."""

import multiprocessing
import os

import mlflow

WORKERS = 3


def work(parent_run_id: str, number: int) -> str:
    with mlflow.start_run(run_name=f"process-{number}", parent_run_id=parent_run_id) as run:
        mlflow.log_params({"number": number, "pid": os.getpid()})
        mlflow.log_metric("square", number**2)
    return run.info.run_id


if __name__ == "__main__":
    mlflow.set_experiment("processes")
    with mlflow.start_run(run_name="parent") as parent:
        context = multiprocessing.get_context("spawn")
        with context.Pool(WORKERS) as pool:
            run_ids = pool.starmap(work, [(parent.info.run_id, number) for number in range(WORKERS)])
    runs = [mlflow.get_run(run_id) for run_id in run_ids]
    assert all(mlflow.get_parent_run(run_id).info.run_id == parent.info.run_id for run_id in run_ids)
    pids = {run.data.params["pid"] for run in runs}
    print(f"{len(runs)} runs from {len(pids - {str(os.getpid())})} other processes")
