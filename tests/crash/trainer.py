"""What the harness runs and kills: a training that logs record after record, and notes each that a call returned for.

    python trainer.py RECORDS NOTES

NOTES gets the run's id, then one byte for every record, written without buffers.
"""

from __future__ import annotations

import os
import sys

import headrace as mlflow
from headrace.entities import LoggedModelOutput

MODEL = "m-" + "c" * 32


def log(number: int) -> None:
    """The record of that number: what it holds follows from the number alone."""
    if number % 23 == 0:
        mlflow.log_outputs([LoggedModelOutput(MODEL, number)])  # the store keeps repeats of these
    elif number % 17 == 0:
        mlflow.log_param(f"p{number}", number)
    elif number % 10 == 0:
        mlflow.log_metrics({f"k{place}": number + place / 16 for place in range(10)}, step=number)
    else:
        mlflow.log_metric("loss", number / 2, step=number)


def main(records: int, notes: str) -> None:
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    mlflow.set_experiment("crash")
    with mlflow.start_run() as run:
        os.write(descriptor, f"{run.info.run_id}\n".encode())
        for number in range(1, records + 1):
            log(number)
            os.write(descriptor, b".")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
