from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import InvalidValue
from headrace.stores import locations


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("/data", "/data/r1/artifacts"),
        ("/data/", "/data/r1/artifacts"),
        ("/odd?name", "/odd?name/r1/artifacts"),
        ("file:///data", "file:///data/r1/artifacts"),
        ("s3://bucket", "s3://bucket/r1/artifacts"),
        ("s3://bucket/a/", "s3://bucket/a/r1/artifacts"),
        ("s3://bucket?region=eu", "s3://bucket/r1/artifacts?region=eu"),
        ("s3://bucket/a?region=eu", "s3://bucket/a/r1/artifacts?region=eu"),
        ("mlflow-artifacts:/", "mlflow-artifacts:/r1/artifacts"),
        ("mlflow-artifacts:/3", "mlflow-artifacts:/3/r1/artifacts"),
        ("dbfs:/a", "dbfs:/a/r1/artifacts"),
    ],
)
def test_run_folder_is_below_the_location(root: str, expected: str) -> None:
    assert locations.of_run(root, "r1") == expected


def test_relative_paths_become_absolute() -> None:
    assert locations.checked("mlruns/x") == f"{Path.cwd()}/mlruns/x"
    assert locations.checked("./mlruns") == f"{Path.cwd()}/mlruns"
    assert locations.checked("s3://b/./x") == "s3://b/./x"


@pytest.mark.parametrize("location", ["/a#b", "s3://b/a#b", "/a;b", "runs:/x", "http://[", "/a\x00", "x" * 2049])
def test_what_is_no_location(location: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        locations.checked(location)
    assert caught.value.field == "artifact_location"


def test_longest_location_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH", "10")
    assert locations.checked("/123456789") == "/123456789"
    with pytest.raises(InvalidValue):
        locations.checked("/1234567890")
