"""Handwritten digits by a linear classifier, an epoch at a time: what a sweep can look at while it learns."""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split

import headrace as mlflow

CLASSES = np.arange(10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--alpha", type=float)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--epochs", type=int)
    given = parser.parse_args()
    images, labels = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(images / 16, labels, test_size=0.3, random_state=0)
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=given.lr, alpha=given.alpha, random_state=0)
    shuffled = np.random.default_rng(0)
    with mlflow.start_run():
        for epoch in range(given.epochs):
            order = shuffled.permutation(len(x_train))
            for start in range(0, len(order), given.batch):
                rows = order[start : start + given.batch]
                model.partial_fit(x_train[rows], y_train[rows], classes=CLASSES)
            chances = np.clip(model.predict_proba(x_val), 1e-6, None)
            chances /= chances.sum(axis=1, keepdims=True)
            mlflow.log_metrics(
                {
                    "val_loss": log_loss(y_val, chances, labels=CLASSES),
                    "val_accuracy": accuracy_score(y_val, model.predict(x_val)),
                },
                step=epoch,
            )


if __name__ == "__main__":
    main()
