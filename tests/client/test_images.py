from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

import headrace as mlflow
from headrace.client.mlflow_client import MlflowClient
from headrace.errors import InvalidValue

# The names that the mlflow 3.17.2 client gives.
SERIES_NAME = re.compile(
    r"images/(?P<key>[^+]+)\+step\+(?P<step>-?\d+)\+timestamp\+(?P<time>\d+)\+[0-9a-f-]{36}(\.png|\+compressed\.webp)"
)


@pytest.fixture(autouse=True)
def embedded(tmp_path: Path) -> None:
    mlflow.set_tracking_uri(tmp_path / "store")


def pixels_of(run_id: str, path: str) -> np.ndarray[Any, Any]:
    return np.array(mlflow.artifacts.load_image(f"runs:/{run_id}/{path}"))


def gradient(*shape: int) -> np.ndarray[Any, Any]:
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape) % 256


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (gradient(8, 6, 3).astype(np.uint8), gradient(8, 6, 3)),
        (gradient(8, 6, 4).astype(np.int32), gradient(8, 6, 4)),
        (gradient(8, 6, 1).astype(np.uint16), gradient(8, 6)),
        (gradient(8, 6), gradient(8, 6)),
        (np.array([[0.0, 0.5], [1.0, np.nan]]), [[0, 127], [255, 0]]),
        (np.array([[True, False]]), [[255, 0]]),
        (np.asfortranarray(gradient(8, 6, 3).astype(np.uint8))[::-1], gradient(8, 6, 3)[::-1]),
        (Pictures.fromarray(gradient(4, 4).astype(np.uint8)), gradient(4, 4)),
        (mlflow.Image(gradient(4, 4).astype(np.uint8)), gradient(4, 4)),
    ],
)
def test_picture_by_name(image: Any, expected: Any) -> None:
    with mlflow.start_run() as run:
        mlflow.log_image(image, "deep/a b.png")
    assert pixels_of(run.info.run_id, "deep/a b.png").tolist() == np.asarray(expected).tolist()


def test_floats_beyond_one_are_cut_with_a_warning() -> None:
    with mlflow.start_run() as run, pytest.warns(UserWarning, match="is cut"):
        mlflow.log_image(np.array([[-1.0, 2.0]]), "a.png")
    assert pixels_of(run.info.run_id, "a.png").tolist() == [[0, 255]]


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "webp", "bmp", "gif", "tiff"])
def test_other_formats_with_and_without_transparency(ending: str) -> None:
    with mlflow.start_run() as run:
        for channels in (1, 3, 4):
            mlflow.log_image(gradient(8, 6, channels).astype(np.uint8), f"{channels}.{ending}", synchronous=True)
            assert pixels_of(run.info.run_id, f"{channels}.{ending}").shape[:2] == (8, 6)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.full((2, 2), 300), "0…255"),
        (np.full((2, 2), -1), "0…255"),
        (np.zeros((2, 2, 2)), "third dimension"),
        (np.zeros(4), "2 or 3 dimensions"),
        (np.zeros((0, 3)), "no pixels"),
        (np.zeros((2, 2), complex), "complex"),
        ([[1, 2]], "list"),
        ("a.png", "str"),
    ],
)
def test_what_is_no_picture_is_refused(image: Any, said: str) -> None:
    with mlflow.start_run() as run, pytest.raises(InvalidValue, match=said):
        mlflow.log_image(image, "a.png")
    assert MlflowClient().list_artifacts(run.info.run_id) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"artifact_file": "x.png", "key": "k"},
        {"artifact_file": "x.png", "step": 1},
        {"artifact_file": "x.png", "timestamp": 1},
        {"artifact_file": "noending"},
        {"artifact_file": "x.txt"},
        {"key": "a#b"},
        {"key": ""},
        {"key": "ü"},
        {"key": "k", "step": "x"},
        {"key": "k", "timestamp": "x"},
    ],
)
def test_arguments_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    with mlflow.start_run() as run, pytest.raises(InvalidValue):
        mlflow.log_image(np.zeros((2, 2)), **given)
    assert MlflowClient().list_artifacts(run.info.run_id) == []


def test_series_of_pictures() -> None:
    with mlflow.start_run() as run:
        for step in range(3):
            mlflow.log_image(
                gradient(600, 300, 3).astype(np.uint8), key="val/my img-1.x", step=step, timestamp=7 + step
            )
        mlflow.log_image(gradient(4, 4), key="plain")
    run_id = run.info.run_id
    found = [info.path for info in MlflowClient().list_artifacts(run_id, "images")]
    matches = [SERIES_NAME.fullmatch(path) for path in found]
    assert all(matches)
    assert len(found) == 8
    series = {(match["key"], match["step"], match["time"]) for match in matches if match and match["key"] != "plain"}
    assert series == {("val~my img-1.x", str(step), str(7 + step)) for step in range(3)}
    assert {(match["key"], match["step"]) for match in matches if match and match["key"] == "plain"} == {("plain", "0")}
    sizes = {pixels_of(run_id, path).shape for path in found if "val" in path}
    assert sizes == {(600, 300, 3), (256, 128, 3)}
    assert MlflowClient().get_run(run_id).data.tags["mlflow.loggedImages"] == "True"


def test_what_is_logged_is_the_picture_at_the_time_of_the_call() -> None:
    frame = np.zeros((4, 4), np.uint8)
    with mlflow.start_run() as run:
        mlflow.log_image(frame, "a.png", synchronous=False)
        frame[:] = 255
    assert pixels_of(run.info.run_id, "a.png").max() == 0


def test_client_logs_pictures_of_any_run() -> None:
    client = MlflowClient()
    run = client.create_run("0")
    client.log_image(run.info.run_id, gradient(4, 4), "a.png")
    client.log_image(run.info.run_id, gradient(4, 4), key="k", step=2)
    assert [info.path for info in client.list_artifacts(run.info.run_id)] == ["a.png", "images"]


def test_image_object_converts() -> None:
    image = mlflow.Image([[0, 128], [255, 3]])
    assert image.to_list() == [[0, 128], [255, 3]]
    assert image.to_array().dtype == np.uint8
    assert image.to_pil().size == (2, 2)
    assert image.resize((4, 2)).to_array().shape == (2, 4)
    image.save("saved.png")
    with Pictures.open("saved.png") as saved:
        assert np.array(saved).tolist() == image.to_list()


def test_palette_and_transparent_pictures_have_thumbnails() -> None:
    with mlflow.start_run(), warnings.catch_warnings():
        warnings.simplefilter("error")
        for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16"):
            mlflow.log_image(Pictures.new(mode, (300, 10)), key=mode.replace(";", "."), synchronous=True)
