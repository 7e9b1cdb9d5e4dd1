"""Second step: a classifier, from the first step's rows."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import headrace as mlflow


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="folder with train.csv")
    parser.add_argument("--c", type=float, help="inverse of the regularisation's strength")
    given = parser.parse_args()
    rows = pd.read_csv(given.data / "train.csv")
    features, target = rows.drop(columns="target"), rows["target"]
    with mlflow.start_run():
        mlflow.log_input(mlflow.data.from_pandas(rows, targets="target", name="wine-train"), context="training")
        model = make_pipeline(StandardScaler(), LogisticRegression(C=given.c)).fit(features, target)
        mlflow.log_metric("train_accuracy", model.score(features, target))
        mlflow.sklearn.log_model(model, name="model", input_example=features.head(2))


if __name__ == "__main__":
    main()
