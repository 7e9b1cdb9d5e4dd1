from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities.journal import JournalRecord, ParamsLogged, PointsLogged, RunStarted, TagsSet
from headrace.errors import Corrupt
from headrace.wire import journal

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
ints = st.integers(-(1 << 63), (1 << 63) - 1)


@st.composite
def points(draw: st.DrawFn) -> PointsLogged:
    keys = tuple(draw(st.lists(texts, min_size=1, max_size=4, unique=True)))
    values = tuple(draw(st.lists(st.floats(), min_size=len(keys), max_size=len(keys))))
    more: list[Any] = [draw(st.none() | texts) for _ in range(3)]
    return PointsLogged(draw(texts), keys, values, draw(ints), draw(ints), *more)


record = points() | st.builds(ParamsLogged, texts, st.dictionaries(texts, texts)) | st.builds(TagsSet, texts)


def same(left: JournalRecord, right: JournalRecord) -> bool:
    if isinstance(left, PointsLogged) and isinstance(right, PointsLogged):
        pairs = zip(left.values, right.values, strict=True)
        if not all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in pairs):
            return False
        return repr(left).replace("nan", "") == repr(right).replace("nan", "")
    return left == right


@given(st.integers(1, 1 << 60), st.lists(record, min_size=1, max_size=20))
def test_records_are_read_as_they_were_written(first_id: int, written: list[JournalRecord]) -> None:
    found_id, found = journal.records(journal.body(first_id, written))
    assert found_id == first_id
    assert len(found) == len(written)
    assert all(map(same, written, found))


def test_chunks_follow_on() -> None:
    first = journal.body(5, [TagsSet("r", {"a": "b"}), PointsLogged("r", ("x",), (1.0,), 0, 0)])
    second = journal.body(7, [PointsLogged("r", ("y",), (2.0,), 1, 1)])
    first_id, found = journal.records(first + second)
    assert (first_id, len(found)) == (5, 3)
    between = journal.record_frame(TagsSet("r", {}))
    with pytest.raises(Corrupt, match="record 7; record 8 was to follow"):
        journal.records(first + between + second)


def test_a_points_frame_is_short() -> None:
    one = journal.point_frame(0, 5, 1_700_000_000_000, 0.5)
    assert len(one) == 37
    hundred = journal.points_frame(0, 5, 1_700_000_000_000, [0.5] * 100)
    assert len(hundred) / 100 < 8.5


@given(st.data())
def test_a_cut_file_is_read_to_its_last_whole_frame(data: st.DataObject) -> None:
    whole = journal.body(1, [PointsLogged("r", ("x",), (float(i),), i, i) for i in range(5)])
    ends = [each.end for each in journal.frames(whole)]
    cut = data.draw(st.integers(0, len(whole)))
    found = [each.end for each in journal.frames(whole[:cut])]
    assert found == [end for end in ends if end <= cut]


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    whole = bytearray(journal.body(1, [RunStarted("r", experiment_name="e"), TagsSet("r", {"a": "b"})]))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Corrupt):
        journal.records(bytes(whole))


@pytest.mark.parametrize(
    "body",
    [
        journal.record_frame(TagsSet("r", {})),
        journal.chunk_frame(1) + journal.point_frame(3, 0, 0, 1.0),
        journal.chunk_frame(1)
        + journal.series_frame(0, journal.Series("r", ("a", "b")))
        + journal.point_frame(0, 0, 0, 1),
        journal.chunk_frame(1) + journal.frame(b"\x07"),
        journal.chunk_frame(1) + journal.frame(b"\x04\xc1"),
        journal.chunk_frame(1) + journal.frame(b"\x03\x00"),
        journal.chunk_frame(1) + journal.frame(b"\x02\x00"),
        journal.frame(b"\x01\x00"),
    ],
)
def test_what_no_writer_writes_is_refused(body: bytes) -> None:
    with pytest.raises(Corrupt):
        journal.records(body)
