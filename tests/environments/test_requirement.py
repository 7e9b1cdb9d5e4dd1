from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Reference
from packaging.utils import canonicalize_name

from headrace.environments.requirement import Requirement, Verbatim, parse, read, read_lines
from headrace.errors import InvalidValue

SPACE = st.sampled_from(["", "", " "])
NAMES = st.sampled_from(["numpy", "Scikit_Learn", "zope.interface", "a", "onnxruntime-genai", "x2"])
EXTRAS = st.sampled_from(["", "", "[all]", "[ a , b_c ]", "[]"])
VERSIONS = st.sampled_from(["", "==1.0", ">=1.2, <2", "(>=1)", " ~= 1.4.2", "==2.7.1+cu128", "!=1.5.*"])
MARKERS = st.sampled_from(["", "; python_version >= '3.9'", ';sys_platform=="linux" and extra == ""'])
WELL_FORMED = st.builds("".join, st.tuples(NAMES, SPACE, EXTRAS, SPACE, VERSIONS, SPACE, MARKERS))


@given(WELL_FORMED)
def test_requirements_mean_what_the_packaging_library_reads(text: str) -> None:
    ours, theirs = parse(text), Reference(text)
    assert isinstance(ours, Requirement)
    assert ours.key == canonicalize_name(theirs.name)
    assert set(ours.extras) == {canonicalize_name(extra) for extra in theirs.extras}
    again = Reference(str(ours))
    assert again.specifier == theirs.specifier
    assert str(again.marker) == str(theirs.marker)


@given(st.text("abz019 .,-_[]()<>=!~;@'\"", max_size=20))
def test_what_is_taken_as_a_requirement_is_one(text: str) -> None:
    try:
        ours = parse(text)
    except InvalidValue:
        return
    if isinstance(ours, Requirement):
        try:
            assert Reference(str(ours)).name == ours.name
        except InvalidRequirement:
            pytest.fail(f"{text!r} became {str(ours)!r}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("scikit learn==1.0", "expected a name"),
        ("numpy=1.0", "'=1.0' is no list of versions"),
        ("numpy>=1.*", "is no list of versions"),
        ("numpy; python > '3'", "unknown name 'python'"),
        ("numpy @", "one URL"),
        ("numpy[a b]", "extras are names"),
        ("numpy[", "expected a name"),
    ],
)
def test_a_wrong_line_is_shown_with_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(InvalidValue) as error:
        read_lines(["pandas", text])
    assert text in str(error.value).replace('\\"', '"')
    assert why in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "git+https://github.com/a/b.git@main",
        "https://example.org/b-1.0-py3-none-any.whl",
        "./wheels/b.whl",
        "../b",
        "/data/b.whl",
        "b-1.0-py3-none-any.whl",
        "-e ./b",
        "--extra-index-url https://example.org/simple",
    ],
)
def test_other_lines_of_pip_are_kept_as_they_are(text: str) -> None:
    assert parse(text) == Verbatim(text)


def test_only_places_on_this_machine_are_local() -> None:
    lines = [
        "./b.whl",
        "/data/b.whl",
        "-e ../b",
        "git+https://x.org/b",
        "https://x.org/b.whl",
        "--pre",
        "-e git+ssh://x/b",
    ]
    assert [Verbatim(line).local for line in lines] == [True, True, True, False, False, False, False]


def test_a_url_keeps_its_marker_and_options_stay_with_their_requirement() -> None:
    url = parse("b @ https://example.org/b.whl ; python_version > '3'")
    assert isinstance(url, Requirement)
    assert (url.url, url.marker) == ("https://example.org/b.whl", "python_version > '3'")
    hashed = parse("six==1.17.0 --hash=sha256:aa --hash=sha256:bb")
    assert str(hashed) == "six==1.17.0 --hash=sha256:aa --hash=sha256:bb"


def test_files_are_read_with_those_that_they_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.txt").write_text(
        "# a comment\nsix>=1  # why\n-c limits.txt\nfoo \\\n  ==2\n--requirement=sub/more.txt\nurl @ https://x.org/a#egg=b\n"
    )
    (tmp_path / "limits.txt").write_text("numpy<3\n")
    (tmp_path / "sub" / "more.txt").write_text("-rinner.txt\n")
    (tmp_path / "sub" / "inner.txt").write_text("\ufeffinner==1\n\n")
    lines = read(tmp_path / "main.txt")
    assert list(map(str, lines.requirements)) == ["six>=1", "foo==2", "inner==1", "url @ https://x.org/a#egg=b"]
    assert list(map(str, lines.constraints)) == ["numpy<3"]


def test_files_that_name_each_other_or_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("-r a.txt\n")
    with pytest.raises(InvalidValue, match="names itself"):
        read(tmp_path / "a.txt")
    with pytest.raises(InvalidValue, match=r"nothing\.txt.*No such file"):
        read_lines(["-r nothing.txt"], tmp_path)
