"""Third step: the model on rows that it hasn't seen."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.metrics import accuracy_score, f1_score

import headrace as mlflow


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="folder with test.csv")
    parser.add_argument("--model", help="URI of the model")
    given = parser.parse_args()
    rows = pd.read_csv(given.data / "test.csv")
    target = rows.pop("target")
    with mlflow.start_run():
        predicted = mlflow.pyfunc.load_model(given.model).predict(rows)
        mlflow.log_metrics(
            {"accuracy": accuracy_score(target, predicted), "f1_macro": f1_score(target, predicted, average="macro")}
        )
        wrong = predicted != target
        mlflow.log_table({"truth": target[wrong].tolist(), "predicted": predicted[wrong].tolist()}, "mistakes.json")


if __name__ == "__main__":
    main()
