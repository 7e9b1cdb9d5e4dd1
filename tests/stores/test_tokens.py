from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.errors import InvalidValue
from headrace.stores.tokens import decode, encode, search_digest

PLACES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(INT64_MIN, INT64_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children, max_size=4),
    max_leaves=8,
)


@given(PLACES)
def test_place_comes_back_exactly(place: object) -> None:
    digest = search_digest("runs", [1], "", [])
    assert repr(decode(encode(digest, place), digest)) == repr(place)


@given(st.text() | st.binary().map(lambda raw: raw.hex()) | st.text("abcABC019-_="))
def test_any_other_text_is_refused(token: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        decode(token, search_digest("runs"))
    assert caught.value.field == "page_token"


def test_token_of_another_search_is_refused() -> None:
    token = encode(search_digest("runs", [1], "a"), 5)
    with pytest.raises(InvalidValue, match="another search"):
        decode(token, search_digest("runs", [1], "b"))


def test_parts_of_a_search_do_not_run_together() -> None:
    assert search_digest("ab", "c") != search_digest("a", "bc")
    assert search_digest(["a"], []) != search_digest([], ["a"])
