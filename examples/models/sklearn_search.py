"""Trials as nested runs, a model for each, and the best one loaded again: by scikit-learn and behind pyfunc."""

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if __name__ == "__main__":
    features, kinds = load_wine(return_X_y=True, as_frame=True)
    train, test, train_kinds, test_kinds = train_test_split(features, kinds, random_state=1)
    mlflow.set_experiment("wine")
    with mlflow.start_run(run_name="search") as parent:
        for strength in (0.001, 0.1, 10.0):
            with mlflow.start_run(run_name=f"C={strength}", nested=True):
                model = make_pipeline(StandardScaler(), LogisticRegression(C=strength)).fit(train, train_kinds)
                mlflow.log_param("C", strength)
                mlflow.log_metric("accuracy", model.score(test, test_kinds))
                mlflow.sklearn.log_model(
                    model,
                    name="classifier",
                    signature=infer_signature(test, model.predict(test)),
                    input_example=test[:2],
                    metadata={"kind": "baseline"},
                )
    best = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.accuracy DESC", "params.C"],
        max_results=1,
    ).iloc[0]
    uri = f"runs:/{best['run_id']}/classifier"
    print(f"best is C={best['params.C']} with {best['metrics.accuracy']:.3f}")

    native, loaded = mlflow.sklearn.load_model(uri), mlflow.pyfunc.load_model(uri)
    assert np.array_equal(native.predict(test), loaded.predict(test))
    assert native.predict_proba(test).shape == (len(test), 3)
    assert loaded.metadata.metadata == {"kind": "baseline"}
    columns = loaded.metadata.get_input_schema().inputs
    print(f"{len(columns)} columns, first {columns[0]}")
    try:
        loaded.predict(test.drop(columns="alcohol"))
    except MlflowException as error:
        print(f"refused: {error.error_code}, for alcohol: {'alcohol' in str(error)}")
    logged = mlflow.search_logged_models(filter_string="name = 'classifier'", output_format="list")
    print(f"{len(logged)} logged models, all ready: {all(each.status == LoggedModelStatus.READY for each in logged)}")
