"""An experiment as a team would have it after a few days: image classification, and a sweep within it."""

from __future__ import annotations

import math
import random

import numpy as np

import headrace
from ui.screenshots.demo.curves import EVERY, ITERATIONS_PER_EPOCH, Training, machine_curves, training_curves
from ui.screenshots.demo.writer import HOUR_MS, NOW_MS, Told, Writer, experiment

DESCRIPTION = """\
Five kinds of flowers from **8,400 photographs**. The goal is `val/accuracy ≥ 0.95` within 20 ms a picture on the
kiosk's CPU.

| split | pictures |
| --- | --- |
| train | 6,800 |
| validation | 800 |
| test | 800 |

Runs without augmentation are kept for comparison only. See the
[labelling guide](https://example.org/labelling-guide).
"""
RUN_NOTE = """\
### What was tried
Larger pictures (**96 px**) and a longer warm-up, everything else as in `convnext-s-06`.

- the loss has no spikes any more
- *daisies* and *dandelions* are still mixed up, see `plots/confusion.png`
"""
MODELS = {"resnet18": 0.55, "resnet50": 0.72, "vit-tiny": 0.62, "convnext-s": 0.93}
PEOPLE = ["mara", "jonas", "aiko", "li.wei"]
COMMITS = ["9f2c1e7ab04d55b3a1d2c0ff3c8842aa61d0e8b1", "4b7de0192a4c8b6f1e90d3a75c22bb18f3a6e7c4"]
REPOSITORY = "https://git.example.org/vision/flowers.git"


def tags_of(number: int, dice: random.Random, **more: str) -> dict[str, str]:
    return {
        "mlflow.user": dice.choice(PEOPLE),
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": COMMITS[number % 2],
        "mlflow.source.git.repoURL": REPOSITORY,
        "mlflow.source.git.branch": "main" if number % 3 else "larger-pictures",
        "stage": "baseline" if number < 8 else "search",
        "gpu": "A10G" if number % 4 else "L4",
        **more,
    }


def params_of(model: str, run: Training, number: int) -> dict[str, object]:
    return {
        "model": model,
        "learning_rate": f"{run.learning_rate:.2g}",
        "batch_size": 64 if number % 2 else 128,
        "epochs": run.epochs,
        "optimizer": "adamw" if number % 3 else "sgd",
        "weight_decay": [0.0, 0.01, 0.05][number % 3],
        "dropout": run.dropout,
        "augment": str(run.augmented).lower(),
        "image_size": 96 if model == "convnext-s" else 64,
        "label_smoothing": 0.1,
        "seed": run.seed,
    }


def fill() -> tuple[Writer, dict[str, str]]:
    """Run ids by name."""
    writer = experiment("flowers", DESCRIPTION, team="vision")
    dice, made = random.Random(7), {}
    data = dataset()
    for number in range(24):
        model = list(MODELS)[number % 4]
        run = Training(
            seed=number,
            epochs=30,
            learning_rate=10 ** dice.uniform(-4, -2),
            capacity=MODELS[model] + dice.uniform(-0.05, 0.05),
            augmented=number % 5 != 0,
            dropout=round(dice.uniform(0, 0.4), 2),
            spikes=number == 6,
        )
        name = f"{model}-{number // 4 + 1:02}"
        told = Told(
            name=name,
            hours_ago=90 - number * 3.1,
            minutes=22 + 30 * MODELS[model] + dice.uniform(-3, 3),
            params=params_of(model, run, number),
            tags=tags_of(number, dice),
        )
        made[name] = writer.run(told, training_curves(run))
        log_data(writer, made[name], data)
    made.update(exceptional(writer, dice, data))
    made.update(sweep(writer, dice))
    return writer, made


def exceptional(writer: Writer, dice: random.Random, data: headrace.data.Dataset) -> dict[str, str]:
    """The best one, one that diverged, failed ones, and those that go on."""
    made = {}
    best = Training(seed=101, epochs=40, learning_rate=8e-4, capacity=1.0, augmented=True, dropout=0.15)
    params = {**params_of("convnext-s", best, 1), "warmup_epochs": 3}
    note = {"mlflow.note.content": RUN_NOTE, "candidate": "yes"}
    told = Told(name="convnext-s-96px", hours_ago=7, minutes=64, params=params, tags=tags_of(9, dice, **note))
    made[told.name] = writer.run(told, [*training_curves(best), *machine_curves(101, 64)])
    log_data(writer, made[told.name], data)
    kinds = [
        ("vit-tiny-hot", "FINISHED", 6.2, {"learning_rate": 0.02, "diverges": True}, "vit-tiny"),
        ("resnet50-oom", "FAILED", 5.5, {"stop": 4}, "resnet50"),
        ("convnext-s-stopped", "KILLED", 4.9, {"stop": 11}, "convnext-s"),
        ("resnet50-long", "RUNNING", 1.4, {"epochs": 60, "stop": 34}, "resnet50"),
        ("convnext-s-128px", "RUNNING", 0.6, {"stop": 9}, "convnext-s"),
    ]
    for number, (name, status, hours_ago, other, model) in enumerate(kinds):
        plain = {
            "seed": 200 + number,
            "epochs": 30,
            "learning_rate": 1.5e-3,
            "capacity": MODELS[model],
            "augmented": True,
            "dropout": 0.1,
        }
        run = Training(**{**plain, **other})  # type: ignore[arg-type]
        minutes = hours_ago * 60 if status == "RUNNING" else 1.1 * run.done
        told = Told(
            name=name,
            hours_ago=hours_ago,
            minutes=minutes,
            params=params_of(model, run, number),
            tags=tags_of(10 + number, dice),
            status=status,
        )
        made[name] = writer.run(told, [*training_curves(run), *machine_curves(run.seed, int(minutes))])
        log_data(writer, made[name], data)
    return made


def sweep(writer: Writer, dice: random.Random) -> dict[str, str]:
    """A parent with twelve trials."""
    grid = [(rate, dropout) for rate in (3e-4, 1e-3, 3e-3, 1e-2) for dropout in (0.0, 0.15, 0.3)]
    told = Told(
        name="sweep rate × dropout",
        hours_ago=31,
        minutes=170,
        params={"model": "resnet18", "trials": len(grid), "sampler": "grid"},
        tags=tags_of(12, dice, stage="sweep"),
    )
    made = {told.name: writer.run(told)}
    parent, best = made[told.name], 0.0
    for number, (rate, dropout) in enumerate(grid):
        run = Training(seed=300 + number, epochs=15, learning_rate=rate, capacity=0.55, augmented=True, dropout=dropout)
        points = list(training_curves(run))
        best = max(best, *(value for key, value, _ in points if key == "val/accuracy" and not math.isnan(value)))
        trial = Told(
            name=f"trial {number + 1:02}",
            hours_ago=31 - number * 0.23,
            minutes=13.5,
            params=params_of("resnet18", run, number),
            tags=tags_of(12 + number, dice, stage="sweep"),
            parent=parent,
        )
        made[trial.name] = writer.run(trial, points)
    ended = NOW_MS - int((told.hours_ago - told.minutes / 60) * HOUR_MS)
    writer.points(parent, ended, 0, [("val/accuracy", best, 15 * ITERATIONS_PER_EPOCH - EVERY)])
    return made


def dataset() -> headrace.data.Dataset:
    pixels = np.random.default_rng(0).integers(0, 255, (80, 64), dtype=np.uint8)
    return headrace.data.from_numpy(
        pixels, source="s3://vision-data/flowers/2026-10", targets=np.arange(80) % 5, name="flowers-2026-10"
    )


def log_data(writer: Writer, run_id: str, data: headrace.data.Dataset) -> None:
    from headrace.entities import DatasetInput, InputTag

    tags = [InputTag("mlflow.data.context", "training")]
    writer.client.log_inputs(run_id, datasets=[DatasetInput(data.to_entity(), tags)])
