"""Uses more of MLflow than tracking: what Headrace doesn't have yet warns once and the script goes on."""

import warnings

import mlflow
import mlflow.sklearn
from mlflow.models import infer_signature

if __name__ == "__main__":
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        mlflow.autolog()
        mlflow.sklearn.autolog(log_models=False)

        @mlflow.trace
        def answer(question: str) -> int:
            return len(question)

        with mlflow.start_run():
            mlflow.log_metric("answer", answer("what?"))
            infer_signature([1], [2])
    print(f"{len(told)} warnings, answer {mlflow.last_active_run().data.metrics['answer']}")
