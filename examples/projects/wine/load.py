"""First step: scikit-learn's wines, split into rows to train on and rows to test on, as artifacts `data/*.csv`."""

import argparse
import tempfile
from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

import headrace as mlflow


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--test-share", type=float)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    frame = load_wine(as_frame=True).frame
    parts = train_test_split(frame, test_size=given.test_share, random_state=given.seed, stratify=frame["target"])
    with mlflow.start_run(), tempfile.TemporaryDirectory() as folder:
        for name, part in zip(("train", "test"), parts, strict=True):
            part.to_csv(Path(folder, f"{name}.csv"), index=False)
            mlflow.log_metric(f"{name}_rows", len(part))
        mlflow.log_artifacts(folder, "data")


if __name__ == "__main__":
    main()
