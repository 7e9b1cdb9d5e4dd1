"""A booster and a classifier of XGBoost, logged in both of its formats and loaded as what they were."""

import mlflow
import mlflow.xgboost
import numpy as np
import xgboost
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer

if __name__ == "__main__":
    features, malignant = load_breast_cancer(return_X_y=True, as_frame=True)
    data = xgboost.DMatrix(features, label=malignant)
    with mlflow.start_run() as run:
        params = {"objective": "binary:logistic", "max_depth": 3, "seed": 1, "nthread": 1}
        mlflow.log_params(params)
        history = {}
        booster = xgboost.train(params, data, 10, evals=[(data, "train")], evals_result=history, verbose_eval=False)
        for step, loss in enumerate(history["train"]["logloss"]):
            mlflow.log_metric("train-logloss", loss, step=step)
        mlflow.log_dict(booster.get_score(importance_type="gain"), "importance.json")
        info = mlflow.xgboost.log_model(
            booster,
            name="booster",
            signature=infer_signature(features, booster.predict(data), params={"output_margin": False}),
        )
        classifier = xgboost.XGBClassifier(n_estimators=10, max_depth=3, n_jobs=1).fit(features, malignant)
        mlflow.xgboost.log_model(classifier, name="classifier", model_format="json", input_example=features[:3])

    assert isinstance(mlflow.xgboost.load_model(info.model_uri), xgboost.Booster)
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert np.array_equal(loaded.predict(features), booster.predict(data))
    margins = loaded.predict(features, params={"output_margin": True})
    print(f"booster: {len(margins)} rows, margins below zero: {bool((margins < 0).any())}")

    again = mlflow.xgboost.load_model(f"runs:/{run.info.run_id}/classifier")
    assert isinstance(again, xgboost.XGBClassifier)
    assert np.array_equal(again.predict_proba(features), classifier.predict_proba(features))
    flavor = mlflow.models.get_model_info(f"runs:/{run.info.run_id}/classifier").flavors["xgboost"]
    print(f"classifier: {again.get_booster().num_boosted_rounds()} trees, format {flavor['model_format']}")
