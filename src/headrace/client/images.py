"""log_image: a picture under a name, or one of a series that the UI shows over steps.

Of a series, each picture is a .png beside a small .webp for the UI; their names carry key, step and time, and a tag of
the run says that there are some.
"""

from __future__ import annotations

import io
import re
import threading
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace import clock
from headrace.blobs.paths import file_path
from headrace.client.async_log import FileOperations, RunOperations
from headrace.client.log import wants_async, written
from headrace.client.log_files import Target, target_of
from headrace.client.run_files import QueuedFiles
from headrace.client.tags import MLFLOW_LOGGED_IMAGES
from headrace.client.values import as_integer
from headrace.entities import RunTag
from headrace.errors import InvalidValue
from headrace.lazy import optional_import

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

SERIES_FOLDER = "images"
THUMBNAIL_PIXELS = 256  # longer side of the .webp
_KEY = re.compile(r"[a-zA-Z0-9_\-./ ]+")
_CHANNELS = (1, 3, 4)

_lock = threading.Lock()
_tagged: set[tuple[str, str]] = set()  # (tracking URI, run) that have their tag


class Image:
    """A picture that can be logged or put into a table. image: an array, nested lists, or a picture of pillow."""

    def __init__(self, image: Any) -> None:
        self._image = as_pil(np.array(image) if isinstance(image, (list, tuple)) else image)

    def to_array(self) -> np.ndarray[Any, Any]:
        return np.array(self._image)

    def to_list(self) -> list[Any]:
        found: list[Any] = self.to_array().tolist()
        return found

    def to_pil(self) -> PilImage:
        return self._image

    def resize(self, size: tuple[int, int]) -> Image:
        """A new one. size: width, height in pixels."""
        return Image(self._image.resize(size))

    def save(self, path: str | Path) -> None:
        self._image.save(path)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> RunOperations | None:
    """As artifact_file, or as the picture of `key` at step (default 0) and timestamp (ms, default now)."""
    return log_image_to(target_of(synchronous=synchronous), image, artifact_file, key, step, timestamp, synchronous)


def log_image_to(
    target: Target,
    image: Any,
    artifact_file: str | None,
    key: str | None,
    step: int | None,
    timestamp: int | None,
    synchronous: bool | None,
) -> RunOperations | None:
    if (artifact_file is None) == (key is None):
        raise InvalidValue(message="log_image takes either artifact_file or key.")
    if artifact_file is not None:
        if step is not None or timestamp is not None:
            raise InvalidValue(message="step and timestamp go with key; with artifact_file they mean nothing.")
        path, content = file_path(artifact_file), encoded(as_pil(image), artifact_file)

        def write_one() -> None:
            target.blobs.put_bytes(path, content)

        return _written(target, synchronous, write_one)
    assert key is not None
    stem = _series_name(key, step, timestamp)
    picture = as_pil(image)
    full = encoded(picture, f"{stem}.png")
    small = thumbnail(picture)

    def write() -> None:
        target.blobs.put_bytes(f"{stem}.png", full)
        target.blobs.put_bytes(f"{stem}+compressed.webp", small)
        _tag(target)

    return _written(target, synchronous, write)


def _written(target: Target, synchronous: bool | None, write: Callable[[], None]) -> RunOperations | None:
    if not (isinstance(target.blobs, QueuedFiles) and target.blobs.queues):
        return written(target.run_id, synchronous, write)
    write()
    return FileOperations(target.sink, target.run_id) if wants_async(synchronous) else None


def as_pil(image: Any) -> PilImage:
    """Arrays: bool, integers in 0…255, or floats in 0…1 (what is outside is cut); height × width [× 1, 3 or 4]."""
    images = optional_import("PIL.Image", extra="images", why="to log images")
    if isinstance(image, Image):
        return image.to_pil()
    if isinstance(image, images.Image):
        found: PilImage = image
        return found
    if not isinstance(image, np.ndarray):
        raise InvalidValue("image", type(image).__name__, "a numpy array, a picture of pillow, or an Image is needed.")
    if image.ndim not in (2, 3):
        raise InvalidValue("image", image.shape, "an array of 2 or 3 dimensions is needed.")
    if image.ndim == 3 and image.shape[2] not in _CHANNELS:
        raise InvalidValue("image", image.shape, f"the third dimension must be one of {_CHANNELS}.")
    if 0 in image.shape:
        raise InvalidValue("image", image.shape, "it has no pixels.")
    pixels = _bytes(image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    made: PilImage = images.fromarray(pixels)
    return made


def thumbnail(picture: PilImage) -> bytes:
    small = picture.convert("RGBA" if "A" in picture.getbands() else "RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP")
    return buffer.getvalue()


def _bytes(array: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    low, high = array.min(), array.max()
    if array.dtype.kind in "iu":
        if low < 0 or high > 255:
            raise InvalidValue("image", f"{low}…{high}", "integer pixels lie in 0…255.")
        return array.astype(np.uint8)
    if array.dtype.kind == "f":
        if low < 0 or high > 1:
            warnings.warn(f"Pixels lie in {low:g}…{high:g}; what is outside 0…1 is cut.", stacklevel=5)
        pixels: np.ndarray[Any, np.dtype[np.uint8]] = (np.nan_to_num(array.clip(0, 1)) * 255).astype(np.uint8)
        return pixels
    raise InvalidValue("image", str(array.dtype), "arrays of bool, integers or floats can be logged.")


def encoded(picture: PilImage, artifact_file: str) -> bytes:
    images = optional_import("PIL.Image", extra="images")
    ending = f".{artifact_file.rpartition('.')[2].lower()}"
    kind = images.registered_extensions().get(ending)
    if kind not in images.SAVE:
        raise InvalidValue("artifact_file", artifact_file, "its ending names no picture format; .png does.")
    buffer = io.BytesIO()
    try:
        picture.save(buffer, kind)
    except OSError:  # JPEG and others have no transparency
        picture.convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def _series_name(key: str, step: int | None, timestamp: int | None) -> str:
    if not _KEY.fullmatch(key):
        raise InvalidValue("key", key, "letters, digits, _, -, ., spaces and / are allowed.")
    at = clock.now_ms() if timestamp is None else as_integer("timestamp", timestamp)
    position = 0 if step is None else as_integer("step", step)
    return f"{SERIES_FOLDER}/{key.replace('/', '~')}+step+{position}+timestamp+{at}+{uuid.uuid4()}"


def _tag(target: Target) -> None:
    """Once for each run and process."""
    mark = (target.tracking_uri, target.run_id)
    with _lock:
        if mark in _tagged:
            return
    target.sink.log_batch(target.run_id, tags=[RunTag(MLFLOW_LOGGED_IMAGES, "True")])
    with _lock:
        _tagged.add(mark)
