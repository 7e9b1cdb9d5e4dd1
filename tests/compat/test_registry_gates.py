"""A model's policy holds for whoever moves its aliases: the genuine client is told what failed, and why."""

from collections.abc import Callable

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient, MlflowException
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from rest import Api, error
from servers import TARGET

pytestmark = pytest.mark.skipif(TARGET != "headrace", reason="MLflow's servers have no policies")

POLICY = "/api/1.0/headrace/registered-models/policy"
REFUSED = (409, "RESOURCE_CONFLICT")
FULL = pd.DataFrame({"age": [1.0, 2.0], "income": [3.0, 4.0]})


class Constant(PythonModel):
    def predict(self, context: object, model_input: pd.DataFrame) -> list[float]:
        return [0.5] * len(model_input)


@pytest.fixture
def name(fluent: str, unique: Callable[[str], str]) -> str:
    """Of a model with three versions: the second is worse, the third takes fewer columns."""
    model = unique("guarded")
    for auc, columns in ((0.8, ["age", "income"]), (0.7, ["age", "income"]), (0.9, ["income"])):
        with mlflow.start_run():
            mlflow.log_metric("auc", auc)
            mlflow.pyfunc.log_model(
                name="net",
                python_model=Constant(),
                signature=infer_signature(FULL[columns], [0.5]),
                pip_requirements=[],
                registered_model_name=model,
            )
    return model


def test_alias_moves_to_what_passes(client: MlflowClient, api: Api, name: str) -> None:
    client.set_registered_model_alias(name, "champion", "1")
    checks = [{"check": "metric", "metric": "auc", "better": "higher"}, {"check": "schema"}]
    api.send("PUT", POLICY, json={"name": name, "policy": {"gates": [{"alias": "champion", "checks": checks}]}})

    for version, said in (("2", "metric auc: 0.7"), ("3", "column 'age' is gone")):
        with pytest.raises(MlflowException, match=said) as refused:
            client.set_registered_model_alias(name, "champion", version)
        assert refused.value.error_code == "RESOURCE_CONFLICT"
    assert client.get_model_version_by_alias(name, "champion").version == "1"
    client.set_registered_model_alias(name, "challenger", "3")


def test_stages_are_guarded_too(client: MlflowClient, api: Api, name: str) -> None:
    gate = {"alias": "production", "checks": [{"check": "tag", "key": "evaluation", "value": "passed"}]}
    api.send("PUT", POLICY, json={"name": name, "policy": {"gates": [gate]}})
    body = {"name": name, "version": "2", "stage": "Production"}
    assert error(api.send("POST", "model-versions/transition-stage", json=body)) == REFUSED
    client.set_model_version_tag(name, "2", "evaluation", "passed")
    assert api.post("model-versions/transition-stage", body)["model_version"]["current_stage"] == "Production"
