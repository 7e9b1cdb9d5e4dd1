from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion
from packaging.version import Version as Reference

from headrace.environments.versions import Version, clauses

NUMBERS = st.integers(0, 12)


@st.composite
def versions(draw: st.DrawFn, *, local: bool = True) -> str:
    text = f"{draw(st.integers(1, 2))}!" if draw(st.integers(0, 9)) == 0 else ""
    text += ".".join(map(str, draw(st.lists(NUMBERS, min_size=1, max_size=4))))
    if draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from(["a", "b", "rc", ".alpha", "-beta", "c", "_pre", "preview"])) + draw(
            st.sampled_from(["", "1", "2"])
        )
    if draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from([".post", "-", "rev", ".r"])) + str(draw(NUMBERS))
    if draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from([".dev", "dev", "-dev"])) + draw(st.sampled_from(["", "3"]))
    if local and draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from(["+cpu", "+cu128", "+1", "+ubuntu.2", "+deb-10"]))
    return text


@given(versions(), versions())
def test_versions_are_ordered_as_the_packaging_library_orders_them(first: str, second: str) -> None:
    ours, theirs = (Version.parse(first), Version.parse(second)), (Reference(first), Reference(second))
    assert ours[0] is not None
    assert ours[1] is not None
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


@given(st.text("0123456789.abrcdevpost+-_!v ", max_size=12))
def test_what_is_no_version_is_none(text: str) -> None:
    try:
        Reference(text)
    except InvalidVersion:
        assert Version.parse(text) is None
    else:
        assert Version.parse(text) is not None


OPERATORS = st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "==="])


@given(OPERATORS, versions(), st.sampled_from(["", "", ".*"]), versions())
@example(">", "1.0", "", "1.0.post1")
@example("<", "1.0", "", "1.0rc1")
@example("<=", "1.0", "", "1.0+cpu")
@example("~=", "1.4.5a4", "", "1.5")
@example("==", "1.1", ".*", "1.1a1")
def test_conditions_hold_as_the_packaging_library_says(operator: str, asked: str, star: str, found: str) -> None:
    text = f"{operator}{asked}{star}"
    ours = clauses(text)
    try:
        theirs = SpecifierSet(text)
    except InvalidSpecifier:
        assert ours is None
        return
    assert ours is not None
    assert ours[0].matches(found) is theirs.contains(found, prereleases=True)


@pytest.mark.parametrize("text", ["", " ", ">=1,<2", " >= 1.0 , != 1.5.* "])
def test_conditions_are_read_with_any_spacing(text: str) -> None:
    read = clauses(text)
    assert read is not None
    assert SpecifierSet(",".join(map(str, read))) == SpecifierSet(text)


@pytest.mark.parametrize("text", ["1.0", "=1.0", ">1.*", "~=1", "==1.0.*.*", ">=1 <2", "==", "==abc", ">=1+cpu"])
def test_what_pip_refuses_is_no_condition(text: str) -> None:
    assert clauses(text) is None
