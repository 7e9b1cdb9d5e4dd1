from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import headrace
from headrace.client.data_checks import check_data
from headrace.entities import Dataset

FRAME = pd.DataFrame({"age": [31, 44], "name": ["Ada", "Alan"]})


def of_pandas(path: Path) -> Dataset:
    FRAME.to_csv(path, index=False)
    return headrace.data.from_pandas(pd.read_csv(path), source=path.name, name="people").to_entity()


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_a_file_that_is_as_it_was_is_the_same(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"people.{ending}"
    if ending == "csv":
        FRAME.to_csv(path, index=False)
    elif ending == "parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_json(path, orient="records", lines=ending == "jsonl")
    record = headrace.data.from_pandas(FRAME, source=path.name).to_entity()
    assert check_data(record, tmp_path).verdict == "same"
    polars = headrace.data.from_polars(pl.from_pandas(FRAME), source=str(path)).to_entity()
    assert check_data(polars, Path("/nowhere")).verdict == "same"


def test_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.arange(6.0))
    np.savez(tmp_path / "two.npz", a=np.arange(3), b=np.ones(2))
    one = headrace.data.from_numpy(np.arange(6.0), source="one.npy").to_entity()
    two = headrace.data.from_numpy({"a": np.arange(3), "b": np.ones(2)}, source="two.npz").to_entity()
    assert [check_data(each, tmp_path).verdict for each in (one, two)] == ["same", "same"]


def test_a_changed_file_is_unconfirmed_and_what_it_has_now_is_said(tmp_path: Path) -> None:
    record = of_pandas(tmp_path / "people.csv")
    FRAME.assign(age=[31, 45]).to_csv(tmp_path / "people.csv", index=False)
    found = check_data(record, tmp_path)
    assert (found.name, found.digest, found.verdict) == ("people", record.digest, "unconfirmed")
    assert found.why.startswith("pandas.read_csv gives ")
    assert record.digest not in found.why


def test_files_of_unknown_kinds_are_unconfirmed(tmp_path: Path) -> None:
    (tmp_path / "people.xyz").write_text("?")
    record = headrace.data.from_pandas(FRAME, source="people.xyz").to_entity()
    assert check_data(record, tmp_path).why == "there is no usual way to read it"


def test_what_cannot_be_reached_is_told_why(tmp_path: Path) -> None:
    record = of_pandas(tmp_path / "people.csv")
    (tmp_path / "people.csv").write_bytes(b"\xff\xfe\x00 broken")
    assert check_data(record, tmp_path).verdict == "unreachable"
    (tmp_path / "people.csv").unlink()
    assert check_data(record, tmp_path).why == f"nothing is at '{tmp_path}/people.csv'"
    by_code = headrace.data.from_pandas(FRAME).to_entity()
    assert "made by code" in check_data(by_code, tmp_path).why
    other = Dataset(name="d", digest="1", source_type="delta_table", source='{"path": "x"}', schema=None, profile=None)
    assert "'delta_table' can't be read" in check_data(other, tmp_path).why
    web = headrace.data.from_pandas(FRAME, source="http://127.0.0.1:9/people.csv").to_entity()
    assert check_data(web, tmp_path).verdict == "unreachable"
