from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from headrace.environments.markers import here, holds

NAMES = ["python_version", "python_full_version", "sys_platform", "os_name", "platform_machine", "implementation_name"]
VALUES = ["3.9", "3.11", "3.12", "3.11.7", "linux", "win32", "posix", "x86_64", "cpython", ""]
COMPARISONS = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(NAMES),
    st.sampled_from(["==", "!=", "<", ">=", "in", "not in"]),
    st.sampled_from(VALUES),
)
MARKERS = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds("{} and {}".format, inner, inner)
        | st.builds("{} or {}".format, inner, inner)
        | st.builds("({})".format, inner)
    ),
    max_leaves=5,
)


@given(MARKERS)
def test_markers_hold_as_the_packaging_library_says(marker: str) -> None:
    assert holds(marker) is Marker(marker).evaluate({"extra": ""})


def test_this_interpreter_is_described_as_the_packaging_library_does() -> None:
    from packaging.markers import default_environment

    assert here() == {**default_environment(), "extra": ""}


@pytest.mark.parametrize(
    "marker",
    ["python_version", "python_version >", "(os_name == 'posix'", "osname == 'x'", "os_name == 'a' b", "os_name ! 'x'"],
)
def test_what_is_no_marker_is_refused(marker: str) -> None:
    with pytest.raises(ValueError, match=r"unexpected|missing|unknown"):
        holds(marker)
