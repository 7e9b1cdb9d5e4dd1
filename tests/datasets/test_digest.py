from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from headrace.datasets import from_numpy, from_pandas, from_polars
from headrace.datasets.digest import WHOLE_BYTES, spaced

SCRIPT = """
import numpy as np, pandas as pd, polars as pl
from headrace.datasets import *
data = {"a": [1, 2, 3], "b": ["x", None, "ü"], "c": [0.5, float("nan"), 1e300]}
frame = pd.DataFrame(data | {"d": pd.to_datetime(["2020-01-01", None, "2021-02-03"]), "e": [{"k"}, {1: [2]}, b"z"]})
print(from_pandas(frame).digest, from_polars(pl.DataFrame(data)).digest)
print(from_numpy({"x": np.arange(12).reshape(3, 4), "y": np.array(["a", "bb"])}, targets=np.ones(3)).digest)
"""
HUGGING_FACE = """
import datasets
from headrace.datasets import from_huggingface
print(from_huggingface(datasets.Dataset.from_dict({"a": [1, 2, 3], "b": ["x", None, "ü"]})).digest)
"""


@pytest.mark.parametrize(
    ("script", "count"),
    [(SCRIPT, 3), pytest.param(HUGGING_FACE, 1, marks=pytest.mark.full)],
    ids=["own", "hugging face"],
)
def test_digest_is_the_same_in_every_process(script: str, count: int) -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "HF_HOME": "hf"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    digests = outputs.pop().split()
    assert len(set(digests)) == count
    assert all(len(digest) == 8 and int(digest, 16) >= 0 for digest in digests)


BASE: dict[str, list[Any]] = {"a": [1, 2, 3], "b": ["x", "y", "z"]}
EDITS: list[dict[str, list[Any]]] = [
    {"a": [1, 2, 4], "b": ["x", "y", "z"]},
    {"a": [1, 2, 3], "b": ["x", "y", "Z"]},
    {"a": [1, 2, 3], "b": ["x", "y", None]},
    {"a": [3, 2, 1], "b": ["x", "y", "z"]},
    {"a": [1, 2, 3], "B": ["x", "y", "z"]},
    {"b": ["x", "y", "z"], "a": [1, 2, 3]},
    {"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"]},
    {"a": [1, 2], "b": ["x", "y"]},
    {"a": [1, 2, 3]},
]


@pytest.mark.parametrize("edited", EDITS, ids=str)
def test_every_edit_of_a_small_frame_changes_the_digest(edited: dict[str, list[Any]]) -> None:
    assert from_pandas(pd.DataFrame(BASE)).digest != from_pandas(pd.DataFrame(edited)).digest
    assert from_polars(pl.DataFrame(BASE)).digest != from_polars(pl.DataFrame(edited)).digest


def test_same_content_has_the_same_digest() -> None:
    frame = pd.DataFrame(BASE)
    assert from_pandas(frame).digest == from_pandas(frame.copy()).digest
    assert from_pandas(frame).digest == from_pandas(frame.set_index(pd.Index([7, 8, 9])), name="other").digest
    array = np.arange(24.0).reshape(4, 6)
    assert from_numpy(array).digest == from_numpy(np.asfortranarray(array)).digest
    assert from_numpy(array).digest == from_numpy(array.astype(">f8")).digest
    assert from_numpy({"a": array, "b": array}).digest == from_numpy({"b": array, "a": array}).digest


@pytest.mark.parametrize(
    "edited",
    [
        np.arange(12.0).reshape(4, 3),
        np.arange(12.0).reshape(3, 4) + np.eye(3, 4),
        np.arange(12, dtype=np.int64).reshape(3, 4),
        np.arange(12, dtype=np.float32).reshape(3, 4),
    ],
)
def test_every_edit_of_a_small_array_changes_the_digest(edited: np.ndarray[Any, Any]) -> None:
    assert from_numpy(np.arange(12.0).reshape(3, 4)).digest != from_numpy(edited).digest


def test_features_and_targets_do_not_mix() -> None:
    one, two = np.ones(3), np.zeros(3)
    digests = {
        from_numpy(one, targets=two).digest,
        from_numpy(two, targets=one).digest,
        from_numpy({"a": one, "targets": two}).digest,
        from_numpy(one).digest,
    }
    assert len(digests) == 4


def test_large_data_is_sampled_and_cheap() -> None:
    big = np.zeros((4 * WHOLE_BYTES // 8, 2))  # 128 MiB
    began = time.process_time()
    digest = from_numpy(big).digest
    frame_digest = from_pandas(pd.DataFrame(big, copy=False)).digest
    assert time.process_time() - began < 2
    assert from_numpy(big[:-1]).digest != digest
    big[-1, -1] = 1
    assert from_numpy(big).digest != digest
    assert from_pandas(pd.DataFrame(big, copy=False)).digest != frame_digest


def test_few_huge_rows_are_sampled_too() -> None:
    wide = np.zeros((1, 3 * WHOLE_BYTES), dtype=np.uint8)
    digest = from_numpy(wide).digest
    wide[0, -1] = 1
    assert from_numpy(wide).digest != digest


def test_spaced_rows_hold_first_and_last() -> None:
    assert spaced(3, 5).tolist() == [0, 1, 2]
    assert spaced(0, 5).tolist() == []
    rows = spaced(1_000_000_007, 1000)
    assert (rows[0], rows[-1], len(set(rows.tolist()))) == (0, 1_000_000_006, 1000)


@pytest.mark.parametrize(
    "array", [np.array([]), np.array(5), np.zeros((0, 3)), np.array(["a", None], dtype=object), np.array([1j])]
)
def test_odd_arrays_have_a_digest(array: np.ndarray[Any, Any]) -> None:
    assert len(from_numpy(array).digest) == 8
