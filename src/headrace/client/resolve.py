"""From a model's address to its folder on this machine, and where it came from: the loader's `Resolver`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from headrace.blobs.base import SupportsLocalPath
from headrace.blobs.paths import scheme
from headrace.blobs.transfer import download
from headrace.client.active_run import active_run, active_uri
from headrace.client.artifact_uris import Place
from headrace.client.artifacts import place_of_written
from headrace.client.open import embedded_folder
from headrace.client.registered import Registered
from headrace.client.temporary import temporary_folder
from headrace.client.uri import get_tracking_uri
from headrace.client.version_checks import allow_load, fetch, local_files, origin_of
from headrace.packaging.inside import is_inside
from headrace.packaging.trust import Origin

_EMBEDDED = ("", "file", "sqlite")


@dataclass(frozen=True, kw_only=True)
class ResolvedModel:
    path: Path
    origin: Origin


def resolve_model(uri: str, dst_path: str | Path | None = None, *, loads: bool = True) -> ResolvedModel:
    """dst_path: a folder for the download; files of this machine are used where they are unless it is given. loads:
    False where it is looked at only, so that a policy about loading isn't asked."""
    uri = str(uri)
    tracking_uri = (active_uri() if active_run() is not None else None) or get_tracking_uri()
    place = place_of_written(uri, tracking_uri)
    if place.registered is not None:
        if loads:
            allow_load(place.registered)
        return _registered(place, place.registered, tracking_uri, dst_path)
    of_store = scheme(uri) in ("runs", "models")
    local = isinstance(place.blobs, SupportsLocalPath)
    own = of_store and local and scheme(tracking_uri) in _EMBEDDED
    origin = Origin.embedded(_folder(tracking_uri)) if own else Origin.elsewhere()
    if dst_path is None and isinstance(place.blobs, SupportsLocalPath):
        return ResolvedModel(path=place.blobs.local_path(place.path), origin=origin)
    return ResolvedModel(path=download(place.blobs, place.path, _target(dst_path) / place.name), origin=origin)


def _registered(place: Place, found: Registered, tracking_uri: str, dst_path: str | Path | None) -> ResolvedModel:
    """A version, whose files must be those of its manifest."""
    own = all(scheme(uri) in _EMBEDDED for uri in (tracking_uri, found.registry_uri))
    path = local_files(place) if dst_path is None else None
    if path is not None:
        return ResolvedModel(path=path, origin=Origin.embedded(_folder(tracking_uri)) if own else origin_of(found))
    path = fetch(place, _target(dst_path) / place.name)
    # A copy of one's own, which was compared, is as good as the files where they lie.
    stays = own and isinstance(place.blobs, SupportsLocalPath) and _is_below(place.blobs.local_path(""), tracking_uri)
    return ResolvedModel(path=path, origin=Origin.embedded(path) if stays else origin_of(found))


def _is_below(place: Path, tracking_uri: str) -> bool:
    return is_inside(_folder(tracking_uri), place)


def _target(dst_path: str | Path | None) -> Path:
    return temporary_folder() if dst_path is None else Path(dst_path).expanduser().absolute()


def _folder(tracking_uri: str) -> Path:
    """What an embedded store's database and artifacts lie in."""
    if scheme(tracking_uri) != "sqlite":
        return embedded_folder(tracking_uri)
    return Path(unquote(tracking_uri.partition(":///")[2].partition("?")[0])).absolute().parent
