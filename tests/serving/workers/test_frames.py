from __future__ import annotations

import io
import os

from hypothesis import given
from hypothesis import strategies as st

from headrace.serving.call import Call, Reply
from headrace.serving.workers.frames import (
    INLINE_BYTES,
    Cancel,
    Done,
    End,
    FromWorker,
    Given,
    Head,
    Part,
    Reader,
    ToWorker,
    pack,
    receive,
)

ids = st.integers(-(2**62), 2**62)
bodies = st.binary(max_size=50) | st.integers(0, 3 * INLINE_BYTES).map(os.urandom)
texts = st.text(max_size=20)
answers = st.one_of(
    st.builds(
        Done,
        id=ids,
        reply=st.builds(
            Reply, status=st.integers(100, 599), body=bodies, content_type=texts, error=st.none() | texts, rows=ids
        ),
    ),
    st.builds(Part, id=ids, data=bodies),
    st.builds(Head, id=ids, status=st.integers(100, 599), content_type=texts),
)
requests = st.one_of(
    st.builds(
        Given,
        call=st.builds(Call, id=ids, kind=st.just("chat"), body=bodies, content_type=texts, deadline=st.floats(0, 1e9)),
        last=st.booleans(),
    ),
    st.builds(Cancel, id=ids),
    st.builds(End),
)


@given(st.lists(answers, max_size=6), st.data())
def test_answers_arrive_whole_however_they_are_cut(messages: list[FromWorker], data: st.DataObject) -> None:
    sent = b"".join(piece for message in messages for piece in pack(message))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=10)))
    reader = Reader()
    found = []
    for start, stop in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        found += list(reader.feed(sent[start:stop]))
    assert found == messages


@given(st.lists(answers, min_size=1, max_size=3))
def test_answers_arrive_byte_by_byte(messages: list[FromWorker]) -> None:
    sent = b"".join(piece for message in messages for piece in pack(message))[: 3 * INLINE_BYTES]
    reader = Reader()
    found = [message for place in range(len(sent)) for message in reader.feed(sent[place : place + 1])]
    assert found == messages[: len(found)]


@given(st.lists(requests, max_size=6))
def test_calls_arrive_as_they_went(messages: list[ToWorker]) -> None:
    stream = io.BytesIO(b"".join(piece for message in messages for piece in pack(message)))
    assert [receive(stream) for _ in messages] == messages
    assert receive(stream) is None


@given(requests, st.data())
def test_a_call_that_breaks_off_is_the_end(message: ToWorker, data: st.DataObject) -> None:
    sent = b"".join(pack(message))
    assert receive(io.BytesIO(sent[: data.draw(st.integers(0, len(sent) - 1))])) is None
