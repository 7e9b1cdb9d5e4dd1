"""Learning curves: what a training run would have measured."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

ITERATIONS_PER_EPOCH = 120
EVERY = 10  # iterations between two values of the training loss


@dataclass(frozen=True, kw_only=True)
class Training:
    """learning_rate, capacity, augmented and dropout decide how it goes. stop: the epoch at which it ends early."""

    seed: int
    epochs: int
    learning_rate: float
    capacity: float
    augmented: bool
    dropout: float
    diverges: bool = False
    spikes: bool = False
    stop: int | None = None

    @property
    def quality(self) -> float:
        """Best near a learning rate of 1e-3; 0 to 1."""
        off = math.log10(self.learning_rate / 1e-3)
        fit = math.exp(-(off**2) / 1.6) * (0.55 + 0.45 * self.capacity)
        return fit * (1.0 if self.augmented else 0.93) * (1 - 0.5 * abs(self.dropout - 0.15))

    @property
    def done(self) -> int:
        return self.epochs if self.stop is None else self.stop


Point = tuple[str, float, int]  # key, value, step


def training_curves(run: Training) -> Iterator[Point]:
    """Loss, norm of the gradient, learning rate and pace of every tenth iteration; validation at the end of epochs."""
    dice = random.Random(run.seed)
    total = run.epochs * ITERATIONS_PER_EPOCH
    pace = total * (0.1 + 0.25 * (1 - run.quality))
    spike = int(total * 0.42)
    for step in range(0, run.done * ITERATIONS_PER_EPOCH, EVERY):
        progress = step / total
        loss = 0.08 + 1.25 * (1 - run.quality) + 1.55 * math.exp(-step / pace)
        loss *= 1 + dice.gauss(0, 0.05)
        if run.spikes and 0 <= step - spike < 6 * EVERY:
            loss += 3.2 * math.exp(-(step - spike) / (2 * EVERY))
        if run.diverges and progress > 0.15:
            loss *= math.exp((progress - 0.15) * 22)
        broken = run.diverges and progress > 0.32
        yield "train/loss", math.nan if broken else loss, step
        yield "train/grad_norm", math.nan if broken else (0.6 + 2.5 * loss) * (1 + abs(dice.gauss(0, 0.3))), step
        yield "train/learning_rate", _schedule(run.learning_rate, progress), step
        yield "train/images_per_second", 1450 / (0.4 + run.capacity) * (1 + dice.gauss(0, 0.03)), step
        if step % ITERATIONS_PER_EPOCH == ITERATIONS_PER_EPOCH - EVERY:
            yield from _validation(run, dice, step, broken=broken)


def _schedule(peak: float, progress: float) -> float:
    """Linear warm-up, then a cosine."""
    if progress < 0.05:
        return peak * (0.02 + progress / 0.05)
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - 0.05) / 0.95))


def _validation(run: Training, dice: random.Random, step: int, *, broken: bool) -> Iterator[Point]:
    progress = (step + EVERY) / (run.epochs * ITERATIONS_PER_EPOCH)
    best = 0.52 + 0.44 * run.quality
    accuracy = 0.2 + (best - 0.2) * (1 - math.exp(-progress * 6)) + dice.gauss(0, 0.006)
    overfit = 0.0 if run.augmented else 0.35 * max(0.0, progress - 0.4)
    if broken:
        accuracy = 0.2
    yield "val/accuracy", min(accuracy - overfit * 0.08, 0.995), step
    yield "val/f1", min(accuracy - 0.012 + dice.gauss(0, 0.004) - overfit * 0.08, 0.995), step
    yield "val/loss", math.nan if broken else 2.1 * (1 - accuracy) + overfit + abs(dice.gauss(0, 0.02)), step


def machine_curves(seed: int, minutes: int) -> Iterator[Point]:
    """What the machine did meanwhile, a value every ten seconds."""
    dice = random.Random(seed)
    received = 0.0
    for step in range(minutes * 6):
        busy = 1.0 if step % 24 < 20 else 0.25  # validation leaves the cards idle
        received += abs(dice.gauss(6, 2))
        yield "system/cpu_utilization_percentage", min(100, max(2, dice.gauss(58 * busy, 6))), step
        yield "system/gpu_0_utilization_percentage", min(100, max(0, dice.gauss(94 * busy, 4))), step
        yield "system/gpu_0_memory_usage_megabytes", 18_400 + 900 * busy + dice.gauss(0, 60), step
        yield "system/gpu_0_power_usage_watts", max(60, dice.gauss(285 * busy, 12)), step
        yield "system/system_memory_usage_megabytes", 21_000 + 22 * step + dice.gauss(0, 90), step
        yield "system/network_receive_megabytes", received, step
