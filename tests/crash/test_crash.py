"""A few rounds of the harness in `make test`, sixty among the slow tests; a thousand by `make test-crash`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.crash.harness import FAULTS, parallel

JOBS = 3  # rounds mostly wait


def check(count: int, folder: Path) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    counts = parallel(count, folder, seed, JOBS)
    assert counts.sound, f"seed {seed}: {counts}"
    assert counts.noted > 100 * count
    assert sum(counts.rounds.values()) == count


def test_no_fault_loses_or_doubles_a_record(tmp_path: Path) -> None:
    check(len(FAULTS), tmp_path)


@pytest.mark.full
def test_sixty_rounds(tmp_path: Path) -> None:
    check(60, tmp_path)
