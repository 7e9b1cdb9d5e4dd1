"""Several threads, each with a run of its own; metrics are sent without waiting for the answer."""

from concurrent.futures import ThreadPoolExecutor

import mlflow

WORKERS, STEPS = 4, 50


def work(number: int) -> str:
    # The active run belongs to the thread that started it.
    with mlflow.start_run(run_name=f"worker-{number}") as run:
        mlflow.log_param("worker", number)
        for step in range(STEPS):
            mlflow.log_metric("progress", (step + 1) / STEPS, step=step, synchronous=False)
        mlflow.flush_async_logging()
    return run.info.run_id


if __name__ == "__main__":
    mlflow.set_experiment("threads")
    with ThreadPoolExecutor(WORKERS) as pool:
        run_ids = list(pool.map(work, range(WORKERS)))
    client = mlflow.MlflowClient()
    counts = [len(client.get_metric_history(run_id, "progress")) for run_id in run_ids]
    print(f"{len(set(run_ids))} runs, {sum(counts)} points")
