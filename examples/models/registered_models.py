"""Registered models: candidates become versions, alias and stage point to the best, and a copy goes to production."""

import mlflow
import mlflow.sklearn
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

NAME = "breast cancer"

if __name__ == "__main__":
    data, target = load_breast_cancer(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(scale(data), target, random_state=0)
    client = MlflowClient()
    client.create_registered_model(NAME, tags={"task": "classification"}, description="Of *569* tumours")

    scores = {}
    for c in (0.0001, 0.1):
        with mlflow.start_run() as run:
            model = LogisticRegression(C=c).fit(train_x, train_y)
            accuracy = model.score(test_x, test_y)
            mlflow.log_metric("accuracy", accuracy)
            info = mlflow.sklearn.log_model(
                model,
                name="model",
                input_example=train_x[:2],
                registered_model_name=NAME,
                pip_requirements=["scikit-learn"],
            )
        version = str(info.registered_model_version)
        scores[version] = accuracy
        client.set_model_version_tag(NAME, version, "accuracy", f"{accuracy:.3f}")
        client.update_model_version(NAME, version, description=f"C = {c}")

    best = max(scores, key=scores.get)
    client.set_registered_model_alias(NAME, "champion", best)
    client.transition_model_version_stage(NAME, best, "Production", archive_existing_versions=True)
    champion = client.get_model_version_by_alias(NAME, "champion")
    assert isinstance(champion, ModelVersion)
    print(f"champion: version {champion.version}, {champion.description}, {champion.current_stage}, {champion.status}")

    for uri in (
        f"models:/{NAME}@champion",
        f"models:/{NAME}/Production",
        f"models:/{NAME}/latest",
        f"models:/{NAME}/{best}",
    ):
        assert mlflow.pyfunc.load_model(uri).predict(test_x).shape == (len(test_x),)
        assert mlflow.sklearn.load_model(uri).score(test_x, test_y) == scores[best]

    again = mlflow.register_model(f"runs:/{champion.run_id}/model", NAME)
    copied = client.copy_model_version(f"models:/{NAME}@champion", "production")
    print(f"again: version {again.version}; copy of {copied.source} is {copied.name} {copied.version}")

    (model,) = mlflow.search_registered_models(filter_string="tags.task = 'classification'")
    assert isinstance(model, RegisteredModel)
    versions = mlflow.search_model_versions(filter_string=f"name = '{NAME}'", order_by=["version_number ASC"])
    numbers = [str(each.version) for each in versions]  # MLflow's own database gives numbers, its server text
    print(f"{model.name}: versions {', '.join(numbers)}; {sorted(dict(model)['aliases'])}, {model.tags}")

    client.delete_model_version(NAME, again.version)
    try:
        client.get_model_version(NAME, again.version)
    except MlflowException as error:
        print(f"deleted: {error.error_code}")
    client.rename_registered_model("production", "serving")
    client.delete_registered_model("serving")
    print(f"left: {[each.name for each in client.search_registered_models()]}")
