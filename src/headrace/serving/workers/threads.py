"""How many threads each of a model's processes may compute with, so that all together have what the machine has."""

from __future__ import annotations

import os
from collections.abc import Mapping

LIMITS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
BLAS_LIMIT = "OPENBLAS_NUM_THREADS"  # the one that starts its threads when it is imported


def cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def per_worker(workers: int) -> int:
    return max(1, cores() // workers)


def limits(workers: int, given: Mapping[str, str], *, to_fork: bool) -> dict[str, str]:
    """Variables for a process; none where one has the machine for itself, or the user has set one."""
    if workers == 1 or any(given.get(name) for name in (*LIMITS, BLAS_LIMIT)):
        return {}
    each = str(per_worker(workers))
    return {**dict.fromkeys(LIMITS, each), BLAS_LIMIT: "1" if to_fork else each}
