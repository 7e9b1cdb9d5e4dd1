from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import Corrupt
from headrace.stores.sql.blocks.codec import decode, decode_all, encode
from headrace.stores.sql.blocks.points import Points, from_raw, to_raw

int64 = st.integers(-(1 << 63), (1 << 63) - 1)
columns = st.lists(st.tuples(int64, int64, st.floats(width=64)), min_size=1, max_size=50)
near = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1_700_000_000_000, 1_700_000_100_000), st.floats(width=32)),
    min_size=1,
    max_size=50,
)


def points_of(rows: list[tuple[int, int, float]]) -> Points:
    steps, times, values = zip(*rows, strict=True)
    return Points(np.array(steps, np.int64), np.array(times, np.int64), np.array(values, np.float64))


def bits(points: Points) -> bytes:
    return to_raw(points)


@given(columns | near)
def test_every_bit_of_a_block_comes_back(rows: list[tuple[int, int, float]]) -> None:
    points = points_of(sorted(rows, key=lambda row: row[0]))
    assert bits(decode(encode(points))) == bits(points)


@given(st.lists(columns | near, max_size=6))
def test_blocks_of_any_shapes_are_read_in_their_order(blocks: list[list[tuple[int, int, float]]]) -> None:
    every = [points_of(rows) for rows in blocks]
    assert bits(decode_all([encode(points) for points in every])) == b"".join(bits(points) for points in every)


@given(columns)
def test_raw_points_come_back(rows: list[tuple[int, int, float]]) -> None:
    raw = b"".join(struct.pack("<qqd", *row) for row in rows)
    assert bits(from_raw(raw)) == raw


def test_regular_steps_take_no_room_and_float32_values_take_half() -> None:
    n = 2048
    steps, times = np.arange(n) * 10, 1_700_000_000_000 + np.arange(n) * 250
    narrow = np.random.default_rng(0).normal(size=n).astype(np.float32).astype(np.float64)
    head = len(encode(Points(steps[:1], times[:1], narrow[:1]))) - 8
    assert len(encode(Points(steps, times, narrow))) == head + 4 * n
    assert len(encode(Points(steps, times, narrow + 1e-12))) == head + 8 * n
    assert len(encode(Points(steps, times, np.full(n, 0.1)))) == head + 8


def test_a_block_cut_short_is_corrupt() -> None:
    payload = encode(points_of([(0, 0, 1.0), (1, 1, 2.0), (5, 1, 2.5)]))
    with pytest.raises(Corrupt, match=f"{len(payload) - 1} bytes instead of {len(payload)}"):
        decode(payload[:-1])
    with pytest.raises(Corrupt, match="begins with 09"):
        decode(b"\x09" + payload[1:])
    with pytest.raises(Corrupt, match="has 3 bytes"):
        decode(payload[:3])
