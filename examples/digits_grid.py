"""Train a small grid of classifiers on scikit-learn's handwritten digits, in parallel processes, and track all of it.

    python examples/digits_grid.py [--epochs 15] [--jobs 2]

Runs go to the embedded store in ./.headrace unless HEADRACE_TRACKING_URI names another place. Each run keeps its
parameters, the loss and accuracy of every epoch, the dataset with its digest, a confusion matrix and the worst
mistakes; one parent run holds the grid together.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core per process: the grid itself is what runs in parallel

import matplotlib as mpl
import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import headrace

mpl.use("Agg")
from matplotlib import pyplot as plt

EXPERIMENT = "digits"
CLASSES = np.arange(10)


def grid(epochs: int) -> list[dict[str, Any]]:
    perceptrons = [
        {"model": "mlp", "hidden": hidden, "learning_rate": rate, "epochs": epochs}
        for hidden, rate in itertools.product([16, 64], [0.001, 0.01])
    ]
    linear = [{"model": "linear", "alpha": alpha, "epochs": epochs} for alpha in (1e-4, 1e-2)]
    forests = [{"model": "forest", "trees": trees, "max_depth": depth} for trees, depth in [(20, 4), (100, 12)]]
    return [*perceptrons, *linear, *forests]


def estimator(config: dict[str, Any]) -> Any:
    if config["model"] == "mlp":
        return MLPClassifier((config["hidden"],), learning_rate_init=config["learning_rate"], random_state=0)
    if config["model"] == "linear":
        return SGDClassifier(loss="log_loss", alpha=config["alpha"], random_state=0)
    return RandomForestClassifier(config["trees"], max_depth=config["max_depth"], random_state=0)


def fit(model: Any, config: dict[str, Any], train: tuple[Any, Any], test: tuple[Any, Any]) -> None:
    """Trains epoch by epoch where the model can, logging losses as it goes."""
    if not hasattr(model, "partial_fit"):
        model.fit(*train)
        return
    shuffled = np.random.default_rng(0)
    for epoch in range(config["epochs"]):
        for batch in np.array_split(shuffled.permutation(len(train[0])), 20):
            model.partial_fit(train[0][batch], train[1][batch], classes=CLASSES)
        measured = {
            f"{name}_{measure.__name__}": value
            for name, (x, y) in {"train": train, "test": test}.items()
            for measure, value in [
                (log_loss, log_loss(y, model.predict_proba(x), labels=CLASSES)),
                (accuracy_score, accuracy_score(y, model.predict(x))),
            ]
        }
        headrace.log_metrics(measured, step=epoch)


def log_pictures(truth: Any, predicted: Any, images: Any) -> None:
    figure, axes = plt.subplots(figsize=(6, 6))
    ConfusionMatrixDisplay.from_predictions(truth, predicted, ax=axes, colorbar=False)
    headrace.log_figure(figure, "confusion_matrix.png")
    plt.close(figure)
    wrong = np.flatnonzero(truth != predicted)
    headrace.log_table(
        {
            "row": wrong.tolist(),
            "truth": truth[wrong].tolist(),
            "predicted": predicted[wrong].tolist(),
        },
        "mistakes.json",
    )
    if len(wrong):
        headrace.log_image((images[wrong[0]].reshape(8, 8) / 16).astype(float), "first_mistake.png")


def train_one(config: dict[str, Any], parent_run_id: str) -> str:
    """One run of the grid, in a process of its own. Returns the run id."""
    warnings.filterwarnings("ignore", message="overflow encountered")
    images, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        images / 16, labels, test_size=0.3, random_state=0, stratify=labels
    )
    headrace.set_experiment(EXPERIMENT)
    name = "-".join(str(value) for key, value in config.items() if key != "epochs")
    with headrace.start_run(run_name=name, parent_run_id=parent_run_id, tags={"team": "demo"}) as run:
        headrace.log_params(config)
        dataset = headrace.data.from_numpy(x_train, targets=y_train, name="digits")
        headrace.log_input(dataset, context="training")
        model = estimator(config)
        started = time.perf_counter()
        fit(model, config, (x_train, y_train), (x_test, y_test))
        predicted = model.predict(x_test)
        headrace.log_metrics(
            {
                "accuracy": accuracy_score(y_test, predicted),
                "f1_macro": f1_score(y_test, predicted, average="macro"),
                "fit_seconds": time.perf_counter() - started,
            }
        )
        log_pictures(y_test, predicted, x_test * 16)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.txt")
            report.write_text("\n".join(f"{key} = {value}" for key, value in config.items()) + "\n")
            headrace.log_artifact(str(report), "notes")
        return str(run.info.run_id)


def show(console: Console, parent_run_id: str) -> None:
    children = headrace.search_runs(
        experiment_names=[EXPERIMENT],
        filter_string=f"tags.mlflow.parentRunId = '{parent_run_id}'",
        order_by=["metrics.accuracy DESC", "metrics.fit_seconds ASC"],
        output_format="list",
    )
    table = Table(title=f"{len(children)} runs, best first")
    for column in ("run", "settings", "accuracy", "f1", "fit s", "points"):
        table.add_column(column, justify="left" if column in ("run", "settings") else "right")
    client = headrace.MlflowClient()
    for run in children:
        params, metrics = run.data.params, run.data.metrics
        settings = ", ".join(f"{key}={value}" for key, value in sorted(params.items()) if key != "model")
        points = len(client.get_metric_history(run.info.run_id, "test_accuracy_score"))
        table.add_row(
            run.info.run_name,
            settings,
            f"{metrics['accuracy']:.4f}",
            f"{metrics['f1_macro']:.4f}",
            f"{metrics['fit_seconds']:.2f}",
            str(points),
        )
    console.print(table)
    best = children[0]
    console.print(f"Best run: [bold]{best.info.run_name}[/] ({best.info.run_id})")
    console.print("  its files:    ", best.info.artifact_uri.removeprefix("file://"), soft_wrap=True)
    console.print(f"  all of it:     headrace runs describe --run-id {best.info.run_id}", soft_wrap=True)
    console.print(
        f"  side by side:  headrace runs compare {' '.join(run.info.run_id for run in children[:2])}", soft_wrap=True
    )
    console.print(
        "  over REST:     headrace server    (then any MLflow client at http://127.0.0.1:5000)", soft_wrap=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    arguments = parser.parse_args()
    console = Console()
    started = time.perf_counter()
    headrace.set_experiment(EXPERIMENT)
    configs = grid(arguments.epochs)
    with headrace.start_run(run_name="grid", description=f"{len(configs)} models on handwritten digits") as parent:
        headrace.log_params({"jobs": arguments.jobs, "models": len(configs)})
        spawned = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(arguments.jobs, mp_context=spawned) as pool:
            futures = [pool.submit(train_one, config, parent.info.run_id) for config in configs]
            for done, future in enumerate(as_completed(futures), start=1):
                console.print(f"  {done}/{len(configs)} {headrace.get_run(future.result()).info.run_name}")
    show(console, parent.info.run_id)
    console.print(f"Took {time.perf_counter() - started:.1f} s.")


if __name__ == "__main__":
    main()
