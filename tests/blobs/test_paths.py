from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.blobs.paths import InvalidPath, join_uri, local_path, relative, scheme
from headrace.errors import InvalidValue
from headrace.testing.blobs import INVALID_PATHS, ODD_NAMES


@pytest.mark.parametrize("path", INVALID_PATHS)
def test_invalid_paths_name_themselves(path: str) -> None:
    with pytest.raises(InvalidPath, match=r"^Invalid path") as caught:
        relative(path)
    assert caught.value.http == 400
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("path", INVALID_PATHS[:20])
@pytest.mark.parametrize("times", [1, 2, 3, 10])
def test_no_number_of_encodings_hides_an_invalid_path(path: str, times: int) -> None:
    for _ in range(times):
        path = quote(path, safe="", errors="surrogatepass")
    with pytest.raises(InvalidPath):
        relative(path)


def test_endless_encoding_is_refused() -> None:
    with pytest.raises(InvalidPath, match="too many times"):
        relative("%" + "25" * 60 + "41")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_stay_what_they_are(name: str) -> None:
    assert relative(f"dir/{name}") == f"dir/{name}"


@pytest.mark.parametrize(
    ("path", "normal"), [("", ""), (".", ""), ("./", ""), ("a//b/", "a/b"), ("./a/./b", "a/b"), ("a b/%41", "a b/%41")]
)
def test_normal_form(path: str, normal: str) -> None:
    assert relative(path) == normal


@given(st.text(st.sampled_from("./\\%25eEfFcC#:ab \x00?"), max_size=24))
def test_what_passes_stays_below_the_root_however_often_it_is_decoded(path: str) -> None:
    try:
        clean = relative(path)
    except InvalidPath:
        return
    assert relative(clean) == clean
    for _ in range(40):
        assert not clean.startswith("/")
        assert not {"..", "\\"} & {*clean.split("/")}
        assert not {"\\", "#", "\x00"} & {*clean}
        clean = unquote(clean)


@pytest.mark.parametrize(
    ("root", "path", "uri"),
    [
        ("s3://bucket/root", "a b/%41", "s3://bucket/root/a b/%41"),
        ("s3://bucket/", "a", "s3://bucket/a"),
        ("file:///data/my%20runs", "a b/%41", "file:///data/my%20runs/a%20b/%2541"),
        ("/data/runs?x", "a", "/data/runs?x/a"),
        ("hdfs://host:1/root?user=me", "a", "hdfs://host:1/root/a?user=me"),
        ("mlflow-artifacts:/", "1/a", "mlflow-artifacts:/1/a"),
        ("mlflow-artifacts:/1", "", "mlflow-artifacts:/1"),
    ],
)
def test_uri_of_a_path(root: str, path: str, uri: str) -> None:
    assert join_uri(root, path) == uri


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("S3://b", "s3"),
        ("/a:b", ""),
        ("./a:b", ""),
        ("a", ""),
        ("C:\\x", ""),
        ("mlflow-artifacts:/x", "mlflow-artifacts"),
        ("simplecache::s3://b", "simplecache"),
        ("", ""),
        (":x", ""),
    ],
)
def test_scheme(uri: str, expected: str) -> None:
    assert scheme(uri) == expected


def test_local_path_of_file_addresses() -> None:
    assert local_path("file:///a%20b/c") == "/a b/c"
    assert local_path("file:/a") == "/a"
    assert local_path("file://localhost/a") == "/a"
    assert local_path("a b%20") == "a b%20"
    with pytest.raises(InvalidValue):
        local_path("file://host/a")
