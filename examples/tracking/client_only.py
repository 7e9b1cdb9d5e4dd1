"""The explicit client: no active run, every call names its run. Errors are told apart by their code."""

import time

from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from mlflow.tracking import MlflowClient


def experiment_id(client: MlflowClient, name: str) -> str:
    try:
        return client.create_experiment(name, tags={"owner": "examples"})
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
        return client.get_experiment_by_name(name).experiment_id


if __name__ == "__main__":
    client = MlflowClient()
    home = experiment_id(client, "client-only")
    assert experiment_id(client, "client-only") == home
    run = client.create_run(home, run_name="explicit", tags={"stage": "test"})
    now = int(time.time() * 1000)
    client.log_batch(
        run.info.run_id,
        metrics=[Metric("loss", 1 / (step + 1), now + step, step) for step in range(100)],
        params=[Param("optimizer", "sgd")],
        tags=[RunTag("stage", "done")],
    )
    try:
        client.log_param(run.info.run_id, "optimizer", "adam")
    except MlflowException as error:
        print(f"refused: {error.error_code}")
    client.set_terminated(run.info.run_id)
    page = client.search_runs([home], "metrics.loss < 0.02 and tags.stage = 'done'", max_results=1)
    print(f"{page[0].info.run_name} is {page[0].info.status}, loss {page[0].data.metrics['loss']}")
