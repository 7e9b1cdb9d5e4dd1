"""A training loop that reports through callbacks, as the trainers of most frameworks do."""

import math
from collections.abc import Callable

import mlflow

EPOCHS = 12


class TrackingCallback:
    """Logs what the trainer tells; keeps the best epoch as tags."""

    def __init__(self) -> None:
        self.best = math.inf

    def on_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        mlflow.log_metrics(logs, step=epoch)
        if logs["val_loss"] < self.best:
            self.best = logs["val_loss"]
            mlflow.set_tags({"best_epoch": epoch, "best_val_loss": f"{self.best:.4f}"})


def train(learning_rate: float, callback: Callable[[int, dict[str, float]], None]) -> None:
    """Gradient descent on a parabola, with a validation minimum a little beside."""
    weight = 3.0
    for epoch in range(EPOCHS):
        weight -= learning_rate * 2 * weight
        callback(epoch, {"loss": weight**2, "val_loss": (weight - 0.05) ** 2, "weight": weight})


if __name__ == "__main__":
    mlflow.set_experiment("callbacks")
    with mlflow.start_run(run_name="parabola", description="Descends a parabola.") as run:
        mlflow.log_params({"learning_rate": 0.2, "epochs": EPOCHS})
        train(0.2, TrackingCallback().on_epoch)
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    print(f"{len(history)} epochs, loss {history[0].value:.3f} -> {history[-1].value:.6f}")
