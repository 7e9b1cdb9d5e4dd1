"""What an artifact address means: a path below the root of a run, a logged model, or a place of its own.

| address | means |
| --- | --- |
| runs:/RUN_ID/path | below the run's root; if nothing is there, the run's logged model of that name |
| models:/m-… | below the logged model's root |
| models:/NAME/3, models:/NAME@ALIAS … | below that version's root |
| mlflow-artifacts:/path, http(s)://… | what the server has there |
| plain path, file:, s3:, gs:, wasbs: … | that file or folder |
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from headrace.blobs.base import BlobStore
from headrace.blobs.paths import InvalidPath, join, relative, scheme
from headrace.client.artifact_roots import blobs_at, model_root, root_of_model, run_root
from headrace.client.open import tracking_store
from headrace.client.registered import Registered, registered
from headrace.client.uri import registry_uri_beside
from headrace.entities import LoggedModel
from headrace.errors import InvalidValue, NotFound
from headrace.stores import model_uris, run_models


@dataclass(frozen=True, kw_only=True)
class Place:
    """name: what a download of it is called; "" for the whole of a run or model. own: the caller's own file, which
    a download without a target needn't copy. registered: the version of a registered model whose files these are."""

    blobs: BlobStore
    path: str
    name: str
    own: bool = False
    registered: Registered | None = None


def place_of(uri: str, tracking_uri: str, registry_uri: str | None = None) -> Place:
    """registry_uri: what was set, or the tracking store's own, if None."""
    kind = scheme(uri)
    if kind == "runs":
        run_id, path = _head_and_path(uri, "runs:/RUN_ID/path")
        return run_place(run_id, path, tracking_uri)
    if kind == "models":
        return _model_place(uri, tracking_uri, registry_uri or registry_uri_beside(tracking_uri))
    return _own_place(uri, kind, tracking_uri)


def run_place(run_id: str, path: str, tracking_uri: str) -> Place:
    """Below the run; where the run has nothing at that path, below its logged model of that name."""
    clean = relative(path)
    root = run_root(run_id, tracking_uri)
    here = Place(blobs=root, path=clean, name=posixpath.basename(clean))
    if not clean or has(root, clean):
        return here
    found = run_model(run_id, clean, tracking_uri)
    if found is None:
        return here
    model, address = found
    rest = clean[len(address) + 1 :]
    return Place(blobs=root_of_model(model, tracking_uri), path=rest, name=posixpath.basename(clean))


def has(blobs: BlobStore, path: str) -> bool:
    """Whether a file or a folder with something in it is there."""
    if blobs.entries(path):
        return True
    try:
        blobs.stat(path)
    except (NotFound, InvalidPath):
        return False
    return True


def run_model(run_id: str, path: str, tracking_uri: str) -> tuple[LoggedModel, str] | None:
    """The run's logged model that the path leads into, and the part of the path that is its address in the run: its
    name, or the folder that MLflow 2's artifact_path named. The latest that is ready, or else the latest."""
    return run_models.run_model(tracking_store(tracking_uri), run_id, path)


def _head_and_path(uri: str, form: str) -> tuple[str, str]:
    body = uri.partition(":")[2].lstrip("/")
    head, _, path = body.partition("/")
    if not head or urlsplit(uri).netloc:
        raise InvalidValue("artifact_uri", uri, f"it must look like {form}.")
    return head, path


def _model_place(uri: str, tracking_uri: str, registry_uri: str) -> Place:
    address = model_uris.parse(uri)
    clean = relative(address.path)
    name = posixpath.basename(clean)
    if address.model_id:
        return Place(blobs=model_root(address.model_id, tracking_uri), path=clean, name=name)
    found = registered(address, tracking_uri, registry_uri)
    return Place(blobs=found.blobs, path=join(found.folder, clean), name=name, registered=found)


def _own_place(uri: str, kind: str, tracking_uri: str) -> Place:
    """The last segment below its folder, so that a file and a folder are found the same way."""
    if kind in ("", "file"):
        root, slash, name = uri.rstrip("/").rpartition("/")
        root = root or ("/" if slash else ".")
        name = unquote(name) if kind == "file" else name
        if name in ("", ".", ".."):
            return Place(blobs=blobs_at(uri, tracking_uri), path="", name="", own=True)
        return Place(blobs=blobs_at(root, tracking_uri), path=name, name=name, own=True)
    parts = urlsplit(uri)
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    if not name:
        return Place(blobs=blobs_at(uri, tracking_uri), path="", name="")
    name = unquote(name) if kind in ("http", "https") else name
    root = urlunsplit(parts._replace(path=f"{folder}/"))
    if kind == "mlflow-artifacts" and not parts.netloc:
        root = f"{kind}:{folder}/"
    return Place(blobs=blobs_at(root, tracking_uri), path=name, name=name)
