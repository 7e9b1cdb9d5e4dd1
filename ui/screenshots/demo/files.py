"""A file of each kind that the pages show."""

from __future__ import annotations

import json
import struct
import wave
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import onnx
import pandas as pd
from onnx import TensorProto, helper, numpy_helper

from ui.screenshots.demo.curves import EVERY, ITERATIONS_PER_EPOCH

mpl.use("Agg")
from matplotlib import pyplot as plt

CLASSES = ["daisy", "dandelion", "rose", "sunflower", "tulip"]
COLOURS = [(250, 250, 240), (250, 205, 30), (205, 40, 70), (245, 170, 20), (190, 70, 190)]
TRAIN = '''\
"""Train a classifier of flowers."""

import argparse

import torch
from torch import nn

import headrace


def train(model: nn.Module, batches, *, epochs: int, rate: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * len(batches))
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)
    step = 0
    for epoch in range(epochs):
        for pictures, labels in batches:
            loss = loss_of(model(pictures), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if step % 10 == 0:
                headrace.log_metric("train/loss", loss.item(), step=step)
            step += 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, default=8e-4)
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    headrace.set_experiment("flowers")
'''
CONFIG = """\
model:
  name: convnext-s
  image_size: 96
  dropout: 0.15
optimizer:
  name: adamw
  learning_rate: 8.0e-4
  weight_decay: 0.05
  schedule: {warmup_epochs: 3, decay: cosine}
data:
  source: s3://vision-data/flowers/2026-10
  augment: [flip, crop, colour, mixup]
"""
REPORT_MD = """\
# Report on the test set

**Accuracy 0.957** on 800 photographs that no run has seen.

| class | precision | recall | pictures |
| --- | ---: | ---: | ---: |
| daisy | 0.94 | 0.93 | 158 |
| dandelion | 0.93 | 0.95 | 171 |
| rose | 0.97 | 0.97 | 140 |
| sunflower | 0.98 | 0.99 | 162 |
| tulip | 0.96 | 0.95 | 169 |

## What is still wrong

1. Daisies from far away are taken for dandelions.
2. Pictures at dusk: `val/loss` is twice as high there.

```python
model = headrace.onnx.load_model("models:/flower-classifier@champion")
```
"""
REPORT_HTML = """\
<!doctype html>
<style>body{font:15px system-ui;margin:2rem;color:#234}td,th{padding:.3rem .8rem;border-bottom:1px solid #ccd}</style>
<h1>Drift of the kiosk's pictures</h1>
<p>Week 47 against the training set: <b>no column above its limit</b>.</p>
<table><tr><th>property<th>training<th>week 47<th>distance</tr>
<tr><td>brightness<td>0.52<td>0.49<td>0.04</tr><tr><td>contrast<td>0.21<td>0.22<td>0.02</tr>
<tr><td>sharpness<td>0.61<td>0.57<td>0.06</tr></table>
"""


def write(folder: Path) -> None:
    for name in ("plots", "tables", "reports", "model", "sounds", "logs", "code"):
        (folder / name).mkdir(parents=True)
    plots(folder / "plots")
    table = predictions()
    table.to_csv(folder / "tables" / "predictions.csv", index=False)
    table.to_parquet(folder / "tables" / "predictions.parquet")
    (folder / "reports" / "test-set.md").write_text(REPORT_MD)
    (folder / "reports" / "drift.html").write_text(REPORT_HTML)
    (folder / "reports" / "errors.ipynb").write_text(json.dumps(notebook(folder / "plots" / "confusion.png")))
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "test-set.json").write_text(json.dumps(summary(), indent=2))
    (folder / "code" / "train.py").write_text(TRAIN)
    (folder / "requirements.txt").write_text("headrace==0.1.0\nnumpy==2.4.6\npillow==13.0.0\ntorch==2.13.0\n")
    onnx.save(network(), folder / "model" / "flowers.onnx")
    sound(folder / "sounds" / "doorbell.wav")
    (folder / "logs" / "train.log").write_text("\n".join(log_lines()) + "\n")


def plots(folder: Path) -> None:
    dice = np.random.default_rng(3)
    counts = dice.integers(0, 9, (5, 5)) + np.diag(dice.integers(138, 165, 5))
    counts[0, 1] = 19
    figure, axes = plt.subplots(figsize=(6, 5.2), dpi=110)
    axes.imshow(counts, cmap="Blues")
    axes.set(xticks=range(5), yticks=range(5), xticklabels=CLASSES, yticklabels=CLASSES, xlabel="said", ylabel="is")
    for row in range(5):
        for column in range(5):
            dark = counts[row, column] > 80
            axes.text(column, row, counts[row, column], ha="center", color="white" if dark else "black")
    figure.savefig(folder / "confusion.png", bbox_inches="tight")
    figure, axes = plt.subplots(figsize=(6, 4), dpi=110)
    rate = np.linspace(0, 1, 200)
    for name, bend in zip(CLASSES, (26, 22, 40, 60, 34), strict=True):
        axes.plot(rate, 1 - np.exp(-bend * rate), label=name)
    axes.set(xlabel="false positives", ylabel="true positives")
    axes.legend()
    figure.savefig(folder / "roc.svg", bbox_inches="tight")
    plt.close("all")


def picture(number: int, sharp: float = 1.0, pixels: int = 120) -> Any:
    """Something like a flower: sharp from 0, noise, to 1."""
    dice = np.random.default_rng(number)
    y, x = np.mgrid[-1 : 1 : pixels * 1j, -1 : 1 : pixels * 1j]
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    petals = 5 + number % 5
    edge = 0.45 + 0.35 * np.abs(np.cos(petals * angle / 2 + number))
    image = np.empty((pixels, pixels, 3))
    image[:] = (96, 150, 84)
    image[radius < edge] = COLOURS[number % 5]
    image[radius < 0.2] = (120, 80, 30)
    image = image * (1.1 - 0.5 * radius[..., None])
    noise = dice.normal(0, 90 * (1 - sharp) + 6, image.shape)
    return np.clip(image * (0.35 + 0.65 * sharp) + noise, 0, 255).astype(np.uint8)


def sheet(first: int, sharp: float) -> Any:
    """Six pictures beside each other."""
    return np.concatenate([picture(first + number, sharp, 96) for number in range(6)], axis=1)


def predictions() -> pd.DataFrame:
    dice = np.random.default_rng(5)
    labels = dice.integers(0, 5, 800)
    said = np.where(dice.random(800) < 0.957, labels, dice.integers(0, 5, 800))
    return pd.DataFrame(
        {
            "file": [f"test/{CLASSES[label]}/{number:04}.jpg" for number, label in enumerate(labels)],
            "label": [CLASSES[label] for label in labels],
            "predicted": [CLASSES[label] for label in said],
            "confidence": dice.beta(9, 1.4, 800).round(4),
            "correct": labels == said,
            "taken": pd.Timestamp("2026-10-01") + pd.to_timedelta(dice.integers(0, 2_000_000, 800), unit="s"),
        }
    )


def summary() -> dict[str, Any]:
    each = {name: {"precision": 0.9 + number / 50, "recall": 0.91 + number / 60} for number, name in enumerate(CLASSES)}
    return {"accuracy": 0.957, "pictures": 800, "classes": each, "confidence": {"calibrated": True, "error": 0.021}}


def network() -> onnx.ModelProto:
    """Small, but a network: two convolutions, pooling, a dense layer."""
    dice = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(dice.normal(0, 0.1, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["pictures", "w1", "b1"], ["c1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "w2", "b2"], ["c2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "flowers",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["batch", 3, 64, 64])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 5])],
        [
            *(weights("w1", 16, 3, 3, 3), weights("b1", 16), weights("w2", 32, 16, 3, 3), weights("b2", 32)),
            *(weights("w3", 5, 32), weights("b3", 5)),
        ],
    )
    model = helper.make_model(graph, producer_name="pytorch", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model


def sound(path: Path, rate: int = 8000) -> None:
    time = np.arange(rate) / rate
    tone = (np.sin(880 * np.pi * time) + np.sin(1320 * np.pi * time)) * np.exp(-4 * time) * 12_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(tone)}h", *tone.astype(np.int16)))


def log_lines() -> list[str]:
    lines = ["2026-11-26 02:03:11 INFO  train    8,400 pictures, 5 classes, cuda:0 NVIDIA A10G"]
    for epoch in range(40):
        loss, accuracy = 0.1 + 1.5 * np.exp(-epoch / 7), 0.957 - 0.7 * np.exp(-epoch / 5)
        clock = f"2026-11-26 02:{4 + epoch * 55 // 40:02}:{epoch * 37 % 60:02}"
        lines.append(f"{clock} INFO  train    epoch {epoch + 1:2}/40  loss {loss:.4f}  val/accuracy {accuracy:.4f}")
        if epoch == 17:
            lines.append(f"{clock} WARN  loader   2 pictures can't be read: rose/0412.jpg, tulip/0077.jpg")
    return lines


def notebook(picture_file: Path) -> dict[str, Any]:
    from base64 import b64encode

    said = {"output_type": "stream", "name": "stdout", "text": ["43 of 800 are wrong\n"]}
    shown = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/png": b64encode(picture_file.read_bytes()).decode(), "text/plain": ["<Figure>"]},
    }
    code = [
        "import pandas as pd",
        'table = pd.read_parquet("tables/predictions.parquet")',
        "wrong = table[~table.correct]",
        'print(f"{len(wrong)} of {len(table)} are wrong")',
    ]
    cells = [
        {
            "cell_type": "markdown",
            "metadata": {},
            "source": ["## Which pictures are wrong?\n", "By class, *test set*."],
        },
        {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [said], "source": _lines(code)},
        {
            "cell_type": "code",
            "execution_count": 2,
            "metadata": {},
            "outputs": [shown],
            "source": _lines(["confusion(table.label, table.predicted)"]),
        },
    ]
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def _lines(code: list[str]) -> list[str]:
    return [f"{line}\n" for line in code[:-1]] + [code[-1]]


def pictures_by_step(log_image: Any, run_id: str, epochs: tuple[int, ...] = (1, 5, 10, 20, 39)) -> None:
    """Two series of pictures, as a run logs them on its way."""
    for epoch in epochs:
        step = epoch * ITERATIONS_PER_EPOCH - EVERY
        log_image(run_id, sheet(0, epoch / 40), key="samples/validation", step=step)
        log_image(run_id, sheet(6, epoch / 40), key="samples/hardest", step=step)
