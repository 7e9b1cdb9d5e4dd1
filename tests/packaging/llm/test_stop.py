from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from headrace.packaging.llm.stop import StopFilter, cut

ALPHABET = "ab c"
TEXTS = st.text(ALPHABET, max_size=30)
STOPS = st.lists(st.text(ALPHABET, min_size=1, max_size=4), min_size=1, max_size=3)


def by_letters(text: str, stops: list[str]) -> tuple[str, bool]:
    """The meaning: read letter by letter; the first stop word that is complete ends the text before it."""
    for end in range(1, len(text) + 1):
        for stop in sorted(stops, key=len, reverse=True):
            if text[:end].endswith(stop):
                return text[: end - len(stop)], True
    return text, False


@given(TEXTS, STOPS, st.lists(st.integers(0, 30)))
def test_pieces_in_any_cut_give_what_letters_give(text: str, stops: list[str], cuts: list[int]) -> None:
    words = StopFilter(stops)
    bounds = sorted({0, len(text), *(each for each in cuts if each < len(text))})
    shown = [words.push(text[start:end]) for start, end in itertools.pairwise(bounds)]
    assert ("".join(shown) + words.flush(), words.hit is not None) == by_letters(text, stops)
    assert cut(text, stops) == by_letters(text, stops)


@given(TEXTS, STOPS)
def test_nothing_of_a_stop_word_is_shown_before_it_is_known(text: str, stops: list[str]) -> None:
    words, shown = StopFilter(stops), ""
    for letter in text:
        shown += words.push(letter)
        assert by_letters(text, stops)[0].startswith(shown)


def test_only_what_may_become_a_stop_word_waits() -> None:
    words = StopFilter(["STOP"])
    assert [words.push(piece) for piece in ("go S", "TO", "NE ", "ST", "OP", "x")] == ["go ", "", "STONE ", "", "", ""]
    assert words.hit == "STOP"
