from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import HeadraceError, InvalidValue, UserCodeError
from headrace.packaging.batch import BadRow, Limits, score
from headrace.packaging.batch.json_scan import ROW, Scanner, walk
from headrace.packaging.enforce import SchemaMismatch
from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.packaging.payload import BadPayload
from headrace.packaging.pyfunc.loaded import PyFuncModel
from headrace.packaging.schema import Schema
from headrace.packaging.signature import ModelSignature

COLUMNS = [
    {"type": "long", "name": "id", "required": True},
    {"type": "double", "name": "x", "required": True},
    {"type": "string", "name": "name", "required": True},
]
GOOD_ROW = {"id": 1, "x": 1.5, "name": "a"}
SMALL = Limits(rows=7, size_bytes=1 << 20)


class Twice:
    """2 x; keeps the sizes of what it was given."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict(self, data: Any) -> Any:
        self.sizes.append(len(data))
        return 2 * data["x"].to_numpy()


class Frame:
    def predict(self, data: Any) -> Any:
        return pd.DataFrame({"id": data["id"], "text": data["name"] + "!"})


class Picky:
    def predict(self, data: Any) -> Any:
        if (data["x"] < 0).any():
            raise ZeroDivisionError("no negative x")
        return data["x"].to_numpy()


def loaded(implementation: Any, inputs: Any = COLUMNS) -> PyFuncModel:
    model = Model()
    if inputs:
        model.signature = ModelSignature(inputs=Schema.from_json(json.dumps(inputs)))
    model.add_flavor(PYFUNC, loader_module="none")
    return PyFuncModel(model, implementation)


def rows(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": range(count), "x": np.arange(count) / 2, "name": [f'0{place}, "n"\n' for place in range(count)]}
    )


def as_split(frame: pd.DataFrame) -> str:
    return json.dumps({"dataframe_split": json.loads(frame.to_json(orient="split", index=False))})


WRITE: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    "json": lambda frame, path: path.write_text(as_split(frame)),
    "parquet": lambda frame, path: frame.to_parquet(path, row_group_size=11),
}
READ: dict[str, Callable[[Path], list[Any]]] = {
    "csv": lambda path: pd.read_csv(path, dtype={"text": str}).to_dict(orient="records"),
    "jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
    "json": lambda path: json.loads(path.read_text())["predictions"],
    "parquet": lambda path: pd.read_parquet(path).to_dict(orient="records"),
}


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("out_kind", READ)
def test_rows_keep_their_order_and_text_its_zeros(kind: str, out_kind: str, tmp_path: Path) -> None:
    frame = rows(40)
    source, target = tmp_path / f"in.{kind}", tmp_path / f"out.{out_kind}"
    WRITE[kind](frame, source)
    outcome = score(loaded(Frame()), source, target, limits=SMALL, quiet=True)
    assert (outcome.rows, outcome.bad) == (40, 0)
    expected = [{"id": place, "text": f'0{place}, "n"\n!'} for place in range(40)]
    assert READ[out_kind](target) == expected
    assert [path.name for path in tmp_path.iterdir()] == [source.name, target.name] or len(
        list(tmp_path.iterdir())
    ) == 2


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_chunks_are_bounded_by_rows_and_by_bytes(kind: str, tmp_path: Path) -> None:
    source = tmp_path / f"in.{kind}"
    WRITE[kind](rows(3_000), source)
    by_rows, by_bytes = Twice(), Twice()
    score(loaded(by_rows), source, tmp_path / "out.json", limits=Limits(rows=500), quiet=True)
    assert max(by_rows.sizes) <= 500
    assert sum(by_rows.sizes) == 3_000
    score(loaded(by_bytes), source, tmp_path / "out.json", limits=Limits(size_bytes=8_000), quiet=True)
    assert max(by_bytes.sizes[1:]) < 500


@pytest.fixture
def _long_documents_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.packaging.batch.json_input.STREAM_BYTES", 100)


@pytest.mark.usefixtures("_long_documents_are_short")
@pytest.mark.parametrize("order", ["columns first", "data first", "records", "inputs", "instances"])
def test_long_json_documents_are_read_row_by_row(order: str, tmp_path: Path) -> None:
    frame = rows(50)
    split = {"columns": list(frame), "index": list(range(50)), "data": frame.to_numpy(dtype=object).tolist()}
    records = frame.to_dict(orient="records")
    body = {
        "columns first": {"dataframe_split": split, "params": {}},
        "data first": {"dataframe_split": dict(reversed(split.items()))},
        "records": {"dataframe_records": records},
        "inputs": {"note": [1, {"a": "]"}], "inputs": records},
        "instances": {"instances": records},
    }[order]
    (tmp_path / "in.json").write_text(json.dumps(body, indent=2))
    model = Twice()
    score(loaded(model), tmp_path / "in.json", tmp_path / "out.json", limits=SMALL, quiet=True)
    assert model.sizes == [7] * 7 + [1]
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": [float(place) for place in range(50)]}


@pytest.mark.usefixtures("_long_documents_are_short")
def test_arrays_by_name_are_joined_over_chunks(tmp_path: Path) -> None:
    class Named:
        def predict(self, data: Any) -> Any:
            return {"twice": 2 * data["x"].to_numpy(), "pairs": np.stack([data["x"], data["id"]], axis=1)}

    (tmp_path / "in.json").write_text(as_split(rows(20)))
    score(loaded(Named()), tmp_path / "in.json", tmp_path / "out.json", limits=SMALL, quiet=True)
    answer = json.loads((tmp_path / "out.json").read_text())["predictions"]
    assert answer["twice"] == [float(place) for place in range(20)]
    assert answer["pairs"][19] == [9.5, 19.0]
    score(loaded(Named()), tmp_path / "in.json", tmp_path / "out.csv", limits=SMALL, quiet=True)
    assert list(pd.read_csv(tmp_path / "out.csv")) == ["twice", "pairs_0", "pairs_1"]


BAD_LINES = {
    "csv": ("id,x,name\n1,1.5,a\n2,many,b\n3,2.5,c\n", r"in\.csv, row 2: column 'x': expected double, found 'many'"),
    "jsonl": (
        '{"id": 1, "x": 1.5, "name": "a"}\n\n{"id": 2.5, "x": 1, "name": "b"}\n{"id": 3, "x": 2.5, "name": "c"}\n',
        r"in\.jsonl, line 3: column 'id': expected long, found 2\.5",
    ),
    "json": (
        json.dumps({"dataframe_records": [GOOD_ROW, {**GOOD_ROW, "id": None}, {**GOOD_ROW, "x": 2.5}]}),
        r"in\.json, row 2: column 'id': expected long, found null",
    ),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_bad_row_is_named_with_its_column_or_gets_null(kind: str, tmp_path: Path) -> None:
    text, message = BAD_LINES[kind]
    source, target = tmp_path / f"in.{kind}", tmp_path / "out.jsonl"
    source.write_text(text)
    with pytest.raises(BadRow, match=message):
        score(loaded(Twice()), source, target, quiet=True)
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    outcome = score(loaded(Twice()), source, target, on_error="null", quiet=True)
    assert (outcome.rows, outcome.bad, len(outcome.shown)) == (3, 1, 1)
    assert target.read_text() == "3.0\nnull\n5.0\n"


def test_a_line_that_isnt_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1, "x": 1, "name": "a"}\n{"id": 1\n')
    with pytest.raises(BadRow, match="line 2: it isn't JSON"):
        score(loaded(Twice()), tmp_path / "in.jsonl", tmp_path / "out.jsonl", quiet=True)


@pytest.mark.parametrize("out_kind", READ)
def test_a_row_that_the_model_fails_on_is_found(out_kind: str, tmp_path: Path) -> None:
    frame = rows(100)
    frame.loc[[37, 38, 90], "x"] = -1
    frame.to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(
        UserCodeError, match=r"row 38: ZeroDivisionError: no negative x\n.*line \d+, in predict"
    ) as found:
        score(loaded(Picky()), tmp_path / "in.csv", tmp_path / "out.csv", quiet=True)
    assert isinstance(found.value.__cause__, ZeroDivisionError)
    target = tmp_path / f"out.{out_kind}"
    outcome = score(loaded(Picky()), tmp_path / "in.csv", target, on_error="null", limits=SMALL, quiet=True)
    assert outcome.bad == 3
    read = [row["prediction"] if isinstance(row, dict) else row for row in READ[out_kind](target)]
    missing = [place for place, value in enumerate(read) if value is None or value != value]  # noqa: PLR0124
    assert missing == [37, 38, 90]
    assert read[39] == 19.5


def test_a_model_that_always_fails_ends_the_run(tmp_path: Path) -> None:
    frame = rows(500).assign(x=-1.0)
    frame.to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(UserCodeError, match="row 1 and the 99 rows after it all fail"):
        score(loaded(Picky()), tmp_path / "in.csv", tmp_path / "out.csv", on_error="null", quiet=True)


def test_a_missing_column_is_nobodys_row(tmp_path: Path) -> None:
    rows(3).drop(columns="x").to_csv(tmp_path / "in.csv", index=False)
    for on_error in ("fail", "null"):
        with pytest.raises(SchemaMismatch, match="required column 'x'"):
            score(loaded(Twice()), tmp_path / "in.csv", tmp_path / "out.csv", on_error=on_error, quiet=True)


def test_without_a_signature_a_later_chunk_cant_change_a_columns_type(tmp_path: Path) -> None:
    class Kinds:
        def predict(self, data: Any) -> Any:
            return [
                f"{type(code).__name__} {type(x).__name__}" for code, x in zip(data["code"], data["x"], strict=True)
            ]

    codes = [f"A{place}" for place in range(1_000)] + ["007"] * 1_000
    pd.DataFrame({"code": codes, "x": [0.5] * 2_000}).to_csv(tmp_path / "in.csv", index=False)
    score(loaded(Kinds(), None), tmp_path / "in.csv", tmp_path / "out.jsonl", quiet=True)
    assert set(READ["jsonl"](tmp_path / "out.jsonl")) == {"str float"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"id,x,name\n1,2,a\n1,2,a,4,5\n"),
        ("a.csv", b"id,x,name\n1,2,\xff\xfe\n"),
        ("a.json", b'{"dataframe_split": '),
        ("a.json", b"[1]"),
        ("a.parquet", b"PAR1 nothing"),
    ],
)
def test_broken_files_are_told_by_name(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises((BadPayload, BadRow)) as found:
        score(loaded(Twice()), tmp_path / name, tmp_path / "out.json", quiet=True)
    assert not (tmp_path / "out.json").exists()
    assert name in found.value.message or "body must be an object" in found.value.message


def test_answers_that_arent_rows_are_refused_where_rows_are_written(tmp_path: Path) -> None:
    class Sum:
        def predict(self, data: Any) -> Any:
            return np.array([data["x"].sum()])

    (tmp_path / "in.json").write_text(as_split(rows(3)))
    score(loaded(Sum()), tmp_path / "in.json", tmp_path / "out.json", quiet=True)
    assert json.loads((tmp_path / "out.json").read_text()) == {"predictions": [1.5]}
    with pytest.raises(UserCodeError, match="got 3 rows, and its answer has 1 predictions"):
        score(loaded(Sum()), tmp_path / "in.json", tmp_path / "out.jsonl", quiet=True)


def test_wrong_choices_are_told(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x\n1\n")
    with pytest.raises(InvalidValue, match="on_error"):
        score(loaded(Twice()), tmp_path / "in.csv", None, on_error="skip")
    with pytest.raises(InvalidValue, match="no such file"):
        score(loaded(Twice()), tmp_path / "none.csv", None)
    with pytest.raises(InvalidValue, match="folder isn't there"):
        score(loaded(Twice()), tmp_path / "in.csv", tmp_path / "no" / "out.csv")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


class Dribble(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._inner, self._size = io.BytesIO(content), size

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(self._size)


@settings(max_examples=60)
@given(st.lists(JSON_VALUES, max_size=8), JSON_VALUES, st.integers(1, 9), st.sampled_from([None, 1]), st.booleans())
def test_the_scanner_reads_what_json_reads(
    rows: list[Any], other: Any, size: int, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps({"before": other, "inputs": rows, "after": other}, indent=indent, ensure_ascii=ascii_only)
    found = list(walk(Scanner(Dribble(text.encode("utf-8", "surrogatepass"), size), "x")))  # type: ignore[arg-type]
    assert [value for key, value in found if key is ROW] == rows
    assert [value for key, value in found if key in ("before", "after")] == [other, other]


@given(st.lists(st.integers(), min_size=1, max_size=5), st.data())
def test_the_scanner_refuses_what_was_cut_off(values: list[int], data: st.DataObject) -> None:
    text = json.dumps({"inputs": values}).encode()
    short = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(HeadraceError):
        list(walk(Scanner(io.BytesIO(short), "x")))


MEMORY = """
    import resource, sys
    sys.path.insert(0, {root!r})
    from tests.packaging.batch.test_batch import Twice, loaded
    from headrace.packaging.batch import score
    import pandas, pyarrow.parquet
    score(loaded(Twice()), {small!r}, {target!r}, quiet=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = score(loaded(Twice()), {large!r}, {target!r}, quiet=True)
    print(outcome.rows, before // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def grown_mb(small: Path, large: Path, target: Path) -> tuple[int, int]:
    root = str(Path(__file__).resolve().parents[3])
    code = textwrap.dedent(MEMORY).format(root=root, small=str(small), large=str(large), target=str(target))
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return int(told[0]), int(told[2]) - int(told[1])


@pytest.mark.full
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_memory_doesnt_grow_with_the_file(kind: str, tmp_path: Path) -> None:
    # The first file is long enough to fill chunks; the second is five times as long.
    small, large = tmp_path / f"small.{kind}", tmp_path / f"large.{kind}"
    part = rows(60_000).assign(name="n" * 600)
    many = pd.concat([part] * 5, ignore_index=True)
    for frame, path in ((part, small), (many, large)):
        if kind == "parquet":
            frame.to_parquet(path, row_group_size=10_000, compression=None, use_dictionary=False)
        else:
            WRITE[kind](frame, path)
    assert large.stat().st_size > (150 << 20)
    count, grown = grown_mb(small, large, tmp_path / "out.jsonl")
    assert count == len(many)
    assert grown < 60, f"{grown} MB more for {large.stat().st_size >> 20} MB"
