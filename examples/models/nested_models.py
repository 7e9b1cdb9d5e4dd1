"""A model of several: a PythonModel that holds saved models of two frameworks as artifacts and averages them."""

import tempfile
from pathlib import Path

import mlflow
import numpy as np
import xgboost
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge


class Average(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        self.parts = [mlflow.pyfunc.load_model(path) for path in context.artifacts.values()]

    def predict(self, model_input, params=None):
        weights = (params or {}).get("weights") or [1.0] * len(self.parts)
        return np.average([part.predict(model_input) for part in self.parts], axis=0, weights=weights)


if __name__ == "__main__":
    features, progress = load_diabetes(return_X_y=True, as_frame=True)
    ridge = Ridge().fit(features, progress)
    trees = xgboost.XGBRegressor(n_estimators=20, max_depth=2, n_jobs=1).fit(features, progress)
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        parts = {"ridge": str(Path(folder, "ridge")), "trees": str(Path(folder, "trees"))}
        mlflow.sklearn.save_model(ridge, parts["ridge"])
        mlflow.xgboost.save_model(trees, parts["trees"])
        info = mlflow.pyfunc.log_model(
            name="average",
            python_model=Average(),
            artifacts=parts,
            input_example=(features[:2], {"weights": [1.0, 1.0]}),
        )
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/average")
    both = [ridge.predict(features), trees.predict(features)]
    assert np.allclose(loaded.predict(features), np.mean(both, axis=0))
    assert np.allclose(loaded.predict(features, params={"weights": [0.0, 1.0]}), both[1])
    assert isinstance(loaded.unwrap_python_model(), Average)
    print(f"average of {len(both)} models, params {info.signature.params}")
