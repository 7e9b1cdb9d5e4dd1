"""A random search: one parent run, one child for each trial, and the winner found by a query."""

import random

import mlflow
from mlflow.entities import ViewType
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

TRIALS = 8


def objective(x: float, y: float) -> float:
    return (x - 1) ** 2 + (y + 2) ** 2


if __name__ == "__main__":
    rng = random.Random(7)
    experiment = mlflow.set_experiment("random-search")
    with mlflow.start_run(run_name="search", tags={"kind": "search"}) as parent:
        for number in range(TRIALS):
            with mlflow.start_run(run_name=f"trial-{number}", nested=True):
                point = {"x": rng.uniform(-5, 5), "y": rng.uniform(-5, 5)}
                mlflow.log_params(point)
                mlflow.log_metric("objective", objective(**point))
    children = mlflow.search_runs(
        experiment_ids=[experiment.experiment_id],
        filter_string=f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent.info.run_id}'",
        run_view_type=ViewType.ACTIVE_ONLY,
        order_by=["metrics.objective ASC"],
    )
    best = children.iloc[0]
    with mlflow.start_run(run_id=parent.info.run_id):
        mlflow.log_metric("best_objective", best["metrics.objective"])
        mlflow.set_tag("best_trial", best["tags.mlflow.runName"])
    print(f"{len(children)} trials, best {best['tags.mlflow.runName']}: {best['metrics.objective']:.4f}")
