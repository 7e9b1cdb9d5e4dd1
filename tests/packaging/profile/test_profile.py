from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import Corrupt, InvalidValue
from headrace.models import infer_signature
from headrace.packaging.profile import Categories, Profile, profile_by, profile_of, read, with_outputs, write
from headrace.packaging.profile.categories import LIMIT
from headrace.types import Schema

texts = st.sampled_from(["a", "b", "c", "long " * 20, ""])
cells = st.lists(st.tuples(st.none() | st.floats(), st.none() | texts, st.none() | st.booleans()), max_size=40)


@given(cells, cells)
def test_merging_is_seeing_all_rows_at_once(some: list[Any], more: list[Any]) -> None:
    def of(rows: list[Any]) -> Profile:
        columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
        return profile_of({name: list(values) for name, values in zip("xyz", columns, strict=True)})

    merged, whole = of(some).merge(of(more)), of(some + more)
    assert merged.rows == whole.rows
    for name, column in whole.inputs.items():
        got = merged.inputs[name]
        assert (got.kind, got.count, got.missing, got.infinite, got.low, got.high) == (
            column.kind, column.count, column.missing, column.infinite, column.low, column.high,
        )  # fmt: skip
        assert got.categories == column.categories
        if column.mean is not None and got.mean is not None and abs(column.mean) < 1e100 and column.spread is not None:
            assert got.mean == pytest.approx(column.mean, rel=1e-6, abs=1e-6 + column.spread * 1e-6)
            assert got.spread == pytest.approx(column.spread, rel=1e-5, abs=1e-6 + abs(column.mean) * 1e-6)


@given(st.lists(st.integers(0, 600).map(str), max_size=900), st.lists(st.integers(0, 600).map(str), max_size=900))
def test_counts_of_categories_are_off_by_others_at_most(some: list[str], more: list[str]) -> None:
    made = Categories.of(pd.Series(some).value_counts().to_dict())
    made = made.merge(Categories.of(pd.Series(more).value_counts().to_dict()))
    assert len(made.counts) <= LIMIT
    assert made.total == len(some) + len(more)
    for text, count in made.counts.items():
        assert count <= (some + more).count(text) <= count + made.other


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow", "records", "arrays"])
def test_libraries_give_the_same_profile(library: str) -> None:
    rows = [
        {"n": 1.5, "i": 3, "t": "x", "f": True, "d": dt.datetime(2024, 5, 1, tzinfo=dt.UTC)},
        {"n": None, "i": 4, "t": None, "f": False, "d": dt.datetime(2024, 5, 2, tzinfo=dt.UTC)},
        {"n": 2.5, "i": 5, "t": "y", "f": True, "d": None},
    ]
    made: Any = {
        "pandas": lambda: pd.DataFrame(rows),
        "polars": lambda: pl.DataFrame(rows),
        "arrow": lambda: pa.Table.from_pylist(rows),
        "records": lambda: rows,
        "arrays": lambda: {name: np.array([row[name] for row in rows], dtype=object) for name in rows[0]},
    }[library]()
    found = profile_of(made).inputs
    kinds = {name: column.kind for name, column in found.items()}
    assert kinds == {"n": "number", "i": "number", "t": "text", "f": "flag", "d": "time"}
    assert [column.missing for column in found.values()] == [1, 0, 1, 0, 1]
    assert (found["n"].low, found["n"].high, found["n"].mean, found["n"].spread) == (1.5, 2.5, 2.0, 0.5)
    assert found["t"].categories == Categories(counts={"x": 1, "y": 1})
    assert found["f"].categories == Categories(counts={"true": 2, "false": 1})
    assert found["d"].high == 1714608000.0


def test_infinite_and_huge_numbers_leave_figures_that_json_holds(tmp_path: Path) -> None:
    write(profile_of({"x": np.array([np.inf, -np.inf, np.nan, 1e308, 1.7e308, -1.0])}), tmp_path)
    again = read(tmp_path)
    assert again is not None
    column = again.inputs["x"]
    assert (column.infinite, column.missing, column.high, column.mean) == (2, 1, 1.7e308, None)


def test_integers_that_no_float_holds_count_as_infinite() -> None:
    column = profile_of({"x": [10**400, 2, -(10**400), None]}).inputs["x"]
    assert (column.kind, column.infinite, column.missing, column.high) == ("number", 2, 1, 2.0)


def test_a_folder_keeps_no_names_of_persons(tmp_path: Path) -> None:
    names = [f"Person {number}" for number in range(500)]
    write(profile_of({"name": names, "town": ["Ulm", "Bonn"] * 250}), tmp_path)
    assert b"Person" not in (tmp_path / "profile.json").read_bytes()
    found = read(tmp_path)
    assert found is not None
    assert found.inputs["name"].categories == Categories(other=500, free=True)
    assert found.inputs["town"].categories == Categories(counts={"Ulm": 250, "Bonn": 250})


def test_images_are_told_by_mean_and_norm() -> None:
    found = profile_of({"image": np.ones((3, 16, 16), np.uint8)}).inputs
    assert {name: column.high for name, column in found.items()} == {"image.mean": 1.0, "image.norm": 16.0}


def test_same_columns_for_every_form_that_the_model_takes() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    schema = infer_signature(frame).inputs
    of_frame = profile_by(schema, frame.assign(target=1))
    assert of_frame == profile_by(schema, frame.to_numpy()) == profile_by(schema, frame.to_dict("records"))
    tensors = infer_signature(frame.to_numpy()).inputs
    assert profile_by(tensors, frame) == profile_by(tensors, frame.to_numpy())
    assert list(profile_by(Schema(tensors.inputs), frame.to_numpy()).inputs) == ["0", "1"]


def test_data_of_something_else_are_refused() -> None:
    schema = infer_signature(pd.DataFrame({"a": [1.0]})).inputs
    with pytest.raises(InvalidValue, match="none of these is a column of the model"):
        profile_by(schema, pd.DataFrame({"z": [1.0]}))
    with pytest.raises(InvalidValue, match="a frame, an array"):
        profile_of(object())


@pytest.mark.parametrize(
    "predictions",
    [[1, 2], np.array([1, 2]), pd.Series([1, 2], name="y"), pd.DataFrame({"y": [1, 2]}), np.array([[1], [2]])],
)
def test_answers_look_alike_whatever_their_class(predictions: Any) -> None:
    made = with_outputs(profile_of({"a": [1]}), predictions)
    (column,) = made.outputs.values()
    assert (made.output_rows, column.kind, column.low, column.high) == (2, "number", 1.0, 2.0)


def test_damaged_file_is_told(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    (tmp_path / "profile.json").write_text('{"rows": "many"}')
    with pytest.raises(Corrupt, match="can't be read as a profile"):
        read(tmp_path)
