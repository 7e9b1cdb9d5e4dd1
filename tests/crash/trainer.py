"""What the harness runs and kills: a training that logs record after record, and file after file, and notes each that a
call returned for.

    python trainer.py RECORDS NOTES

NOTES gets the run's id, then one byte for every record, written without buffers.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import headrace as mlflow
from headrace.client.outbox import waiting
from headrace.entities import LoggedModelOutput

MODEL = "m-" + "c" * 32
FILES = "files"
LARGE_BYTES = 100_000  # beyond what is copied here


def kind(number: int) -> str:
    """Of the record of that number."""
    if number % 41 == 0:
        return "file"
    if number % 23 == 0:
        return "output"
    if number % 17 == 0:
        return "param"
    return "row" if number % 10 == 0 else "point"


def content(number: int) -> bytes:
    """Of the file of that number; every third is a large one."""
    line = f"file {number}\n".encode()
    return line * (LARGE_BYTES // len(line) if number % 3 == 0 else number)


def log(number: int, folder: Path) -> None:
    """The record of that number: what it holds follows from the number alone."""
    match kind(number):
        case "file":
            # The caller's file is gone when the call has returned.
            with tempfile.TemporaryDirectory(dir=folder) as place_of_caller:
                place = Path(place_of_caller, str(number))
                place.write_bytes(content(number))
                mlflow.log_artifact(place, FILES)
        case "output":
            mlflow.log_outputs([LoggedModelOutput(MODEL, number)])  # the store keeps repeats of these
        case "param":
            mlflow.log_param(f"p{number}", number)
        case "row":
            mlflow.log_metrics({f"k{place}": number + place / 16 for place in range(10)}, step=number)
        case "point":
            mlflow.log_metric("loss", number / 2, step=number)


def main(records: int, notes: str) -> None:
    waiting.COPIED_BYTES = LARGE_BYTES // 2
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    mlflow.set_experiment("crash")
    with mlflow.start_run() as run:
        os.write(descriptor, f"{run.info.run_id}\n".encode())
        for number in range(1, records + 1):
            log(number, Path(notes).parent)
            os.write(descriptor, b".")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
