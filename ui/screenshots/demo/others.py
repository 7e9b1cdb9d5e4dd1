"""Experiments beside the two that matter, so that the list looks as lists do; one is empty, one is deleted."""

from __future__ import annotations

import math
import random

import headrace
from ui.screenshots.demo.writer import Told, experiment

KINDS = {
    "speech-commands": ("Twelve spoken words on a microcontroller.", "audio", ["tc-resnet8", "dscnn-s", "kwt-1"]),
    "demand-forecast": ("Daily sales of 1,200 shops, four weeks ahead.", "retail", ["lightgbm", "tft", "naive"]),
    "ranking-offline-eval": ("NDCG of the search page on judged queries.", "search", ["bm25", "cross-encoder"]),
}


def fill() -> None:
    dice = random.Random(1)
    for at, (name, (text, team, models)) in enumerate(KINDS.items()):
        writer = experiment(name, text, team=team)
        for number in range(3 * len(models)):
            final = 0.6 + 0.3 * dice.random()
            points = [
                ("score", final * (1 - math.exp(-(step + 1) / 9)) + dice.gauss(0, 0.01), step) for step in range(40)
            ]
            told = Told(
                name=f"{models[number % len(models)]} {number + 1}",
                hours_ago=200 + 40 * at - 5 * number,
                minutes=dice.uniform(4, 30),
                params={"model": models[number % len(models)], "seed": number},
                tags={"mlflow.user": "tomasz"},
            )
            writer.run(told, points)
    experiment("pose-estimation", "Nothing here yet.", team="vision")
    client = headrace.MlflowClient()
    client.delete_experiment(experiment("flowers (first try)", "Labels were wrong.").experiment_id)
