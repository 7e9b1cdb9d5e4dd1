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
import shutil
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core per process: the grid itself is what runs in parallel

import matplotlib as mpl
import numpy as np
from rich import box
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
    figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(truth, predicted, ax=axes, colorbar=False, cmap="Blues")
    axes.set_title(f"{accuracy_score(truth, predicted):.1%} of {len(truth)} digits are right")
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
        pixels = images[wrong[0]].reshape(8, 8)
        headrace.log_image(np.kron(pixels, np.ones((16, 16))), "first_mistake.png")  # 8 pixels are too few to see


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
        log_pictures(y_test, predicted, x_test)
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
    console.print(f"\n{len(children)} runs, best first\n")
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for column in ("run", "settings", "accuracy", "f1", "fit s", "epochs"):
        table.add_column(column, justify="left" if column in ("run", "settings") else "right")
    client = headrace.MlflowClient()
    for run in children:
        params, metrics = run.data.params, run.data.metrics
        settings = [f"{key}={value}" for key, value in sorted(params.items()) if key not in ("model", "epochs")]
        epochs = len(client.get_metric_history(run.info.run_id, "test_accuracy_score"))
        table.add_row(
            run.info.run_name,
            ", ".join(settings),
            f"{metrics['accuracy']:.4f}",
            f"{metrics['f1_macro']:.4f}",
            f"{metrics['fit_seconds']:.2f}",
            str(epochs or "–"),
        )
    console.print(table)
    best, second = children[:2]
    command = command_line()
    console.print(f"\nBest run: [bold]{best.info.run_name}[/], {best.data.metrics['accuracy']:.1%} right\n")
    for label, text in {
        "its files": best.info.artifact_uri.removeprefix("file://"),
        "all of it": f"{command} runs describe --run-id {best.info.run_id}",
        "side by side": f"{command} runs compare {best.info.run_id} {second.info.run_id}",
        "all runs": f"{command} runs list -n {EXPERIMENT} -c metrics.accuracy --order-by 'metrics.accuracy DESC'",
        "in a browser": f"{command} ui    (then http://127.0.0.1:5000, for any MLflow client, too)",
    }.items():
        console.print(f"  {label:<14}{text}", soft_wrap=True, highlight=False)


def command_line() -> str:
    """`headrace` as the reader can type it here: by its path where it isn't on PATH."""
    beside = Path(sys.executable).with_name("headrace")
    if shutil.which("headrace") or not beside.exists():
        return "headrace"
    return str(beside.relative_to(Path.cwd()) if beside.is_relative_to(Path.cwd()) else beside)


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
                run = headrace.get_run(future.result())
                console.print(
                    f"  {done}/{len(configs)} {run.info.run_name:<16} {run.data.metrics['accuracy']:.1%} right"
                )
    show(console, parent.info.run_id)
    console.print(f"\nTook {time.perf_counter() - started:.1f} s.")


if __name__ == "__main__":
    main()
