"""Reading artifacts: list, download, load. What this process has written before is waited for."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headrace.blobs.base import BlobStore, SupportsLocalPath
from headrace.blobs.paths import join, relative, scheme
from headrace.blobs.transfer import OnProgress, download
from headrace.client import async_log
from headrace.client.active_run import active_run, active_uri
from headrace.client.artifact_roots import model_root, root_of_model, run_root
from headrace.client.artifact_uris import Place, place_of, run_model, run_place
from headrace.client.open import flush_files
from headrace.client.uri import get_tracking_uri
from headrace.entities import FileInfo
from headrace.errors import InvalidValue
from headrace.lazy import optional_import

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
    on_progress: OnProgress | None = None,
) -> str:
    """The local path of the file or folder: in dst_path (made if missing), or in a new temporary folder. A local path
    given as artifact_uri without dst_path is answered as it is."""
    place = _place(artifact_uri, run_id, artifact_path, tracking_uri, registry_uri)
    return _download(place, dst_path, on_progress)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """Directly in the folder, by path; empty for a file. Paths are from the root of the run or model, or from the
    folder that holds the address."""
    uri = tracking_uri or _uri()
    if artifact_uri is not None and scheme(artifact_uri) == "runs":
        run_id, _, artifact_path = artifact_uri.partition(":")[2].lstrip("/").partition("/")
        artifact_uri = None
    if run_id is not None and artifact_uri is None:
        return list_of_run(run_id, artifact_path, uri)
    place = _place(artifact_uri, run_id, artifact_path, uri)
    return _below(_infos(place.blobs, place.path), "" if place.registered is None else place.registered.folder)


def load_text(artifact_uri: str) -> str:
    """UTF-8."""
    content = _content(artifact_uri)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidValue("artifact_uri", artifact_uri, f"the file isn't UTF-8 text: {error}.") from error


def load_dict(artifact_uri: str) -> dict[str, Any]:
    """Of a JSON file."""
    try:
        loaded = json.loads(_content(artifact_uri))
    except ValueError as error:
        raise InvalidValue("artifact_uri", artifact_uri, f"the file isn't JSON: {error}.") from error
    found: dict[str, Any] = loaded
    return found


def load_image(artifact_uri: str) -> PilImage:
    images = optional_import("PIL.Image", extra="images", why="to load an image")
    with tempfile.TemporaryDirectory(prefix="headrace-") as folder:
        local = Path(_download(place_of_written(artifact_uri, _uri()), folder, None))
        try:
            with images.open(local) as image:
                image.load()
                loaded: PilImage = image
                return loaded
        except images.UnidentifiedImageError as error:
            raise InvalidValue("artifact_uri", artifact_uri, "the file isn't an image that pillow knows.") from error


def list_of_run(run_id: str, path: str | None, tracking_uri: str) -> list[FileInfo]:
    """A folder that the run doesn't have may be its logged model of that name."""
    settle(tracking_uri, run_id)
    clean = relative(path or "")
    found = _infos(run_root(run_id, tracking_uri), clean)
    if found or not clean:
        return found
    inside = run_model(run_id, clean, tracking_uri)
    if inside is None:
        return []
    model, address = inside
    below = _infos(root_of_model(model, tracking_uri), clean[len(address) + 1 :])
    return [FileInfo(join(address, info.path), info.is_dir, info.file_size) for info in below]


def list_of_model(model_id: str, path: str | None, tracking_uri: str) -> list[FileInfo]:
    return _infos(model_root(model_id, tracking_uri), relative(path or ""))


def download_of_run(run_id: str, path: str, dst_path: str | None, tracking_uri: str) -> str:
    settle(tracking_uri, run_id)
    return _download(run_place(run_id, path, tracking_uri), dst_path, None)


def settle(tracking_uri: str, run_id: str) -> None:
    """The files that this process has logged to the run are where others find them, if the store can be reached."""
    async_log.flush_run(run_id)
    flush_files(tracking_uri, run_id)


def place_of_written(artifact_uri: str, tracking_uri: str, registry_uri: str | None = None) -> Place:
    if scheme(artifact_uri) == "runs":
        settle(tracking_uri, artifact_uri.partition(":")[2].lstrip("/").partition("/")[0])
    else:
        flush_files(tracking_uri)  # it may be the address of any run's file
    return place_of(str(artifact_uri), tracking_uri, registry_uri)


def _place(
    artifact_uri: str | None,
    run_id: str | None,
    path: str | None,
    tracking_uri: str | None,
    registry_uri: str | None = None,
) -> Place:
    uri = tracking_uri or _uri()
    if (artifact_uri is None) == (run_id is None):
        raise InvalidValue(message="Exactly one of `run_id` or `artifact_uri` must be specified.")
    if artifact_uri is not None:
        if path is not None:
            raise InvalidValue("artifact_path", path, "it goes with run_id; append it to artifact_uri instead.")
        return place_of_written(str(artifact_uri), uri, registry_uri)
    assert run_id is not None
    settle(uri, run_id)
    return run_place(run_id, path or "", uri)


def _download(place: Place, dst_path: str | None, on_progress: OnProgress | None) -> str:
    if dst_path is None:
        if place.own and isinstance(place.blobs, SupportsLocalPath):
            return str(place.blobs.local_path(place.path))
        folder = Path(tempfile.mkdtemp(prefix="headrace-artifacts-"))
    else:
        folder = Path(dst_path).expanduser().absolute()
    if place.registered is not None:
        from headrace.client.version_checks import fetch  # loads all of `packaging`

        return str(fetch(place, folder / place.name, on_progress))
    return str(download(place.blobs, place.path, folder / place.name, on_progress))


def _content(artifact_uri: str) -> bytes:
    place = place_of_written(artifact_uri, _uri())
    content = place.blobs.get_bytes(place.path)
    if place.registered is not None:
        from headrace.client.version_checks import check_content  # loads all of `packaging`

        check_content(place, content)
    return content


def _infos(blobs: BlobStore, path: str) -> list[FileInfo]:
    return [FileInfo(entry.path, entry.is_dir, entry.size_bytes) for entry in blobs.entries(path)]


def _below(found: list[FileInfo], folder: str) -> list[FileInfo]:
    if not folder:
        return found
    return [FileInfo(info.path.removeprefix(f"{folder}/"), info.is_dir, info.file_size) for info in found]


def _uri() -> str:
    """Of the open run, else the process's."""
    return (active_uri() if active_run() is not None else None) or get_tracking_uri()
