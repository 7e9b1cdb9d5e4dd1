"""Artifacts of runs and logged models."""

from __future__ import annotations

from starlette.responses import Response

from headrace.blobs.base import SupportsPresign
from headrace.blobs.paths import file_path, join_uri, relative
from headrace.entities import LifecycleStage
from headrace.entities.limits import MAX_UPLOAD_ARTIFACT_BYTES
from headrace.errors import CallerError, InvalidState, InvalidValue, MissingValue, NotSupported
from headrace.server.artifacts import Root, ServedArtifacts
from headrace.server.backend import Backend
from headrace.server.exchange import Exchange, Routes
from headrace.server.transfer import bounded, download, upload
from headrace.wire.endpoint import JSON
from headrace.wire.messages import artifacts as m
from headrace.wire.table import artifacts as table

DOWNLOAD_EXPIRES_S = 300
UPLOAD_EXPIRES_S = 900

routes = Routes()


def served(backend: Backend) -> ServedArtifacts:
    artifacts = backend.artifacts
    if not isinstance(artifacts, ServedArtifacts):
        raise NotSupported("This server doesn't serve artifacts.")
    return artifacts


async def run_root(backend: Backend, run_id: str, to_write: bool = False) -> tuple[Root, str]:
    """The root and its address."""
    info = (await backend.quick(backend.store.get_run, run_id)).info
    if to_write and info.lifecycle_stage != LifecycleStage.ACTIVE:
        raise InvalidState(message=f"The run {run_id} must be in the 'active' state; it is deleted, restore it first.")
    return served(backend).open(info.artifact_uri), info.artifact_uri


async def model_root(backend: Backend, model_id: str) -> tuple[Root, str]:
    location = (await backend.call(backend.store.get_logged_model, model_id)).artifact_location
    return served(backend).open(location), location


async def version_root(backend: Backend, name: str, version: str) -> tuple[Root, str]:
    location = await backend.call(backend.registry.get_model_version_download_uri, name, version)
    return served(backend).open(location), location


@routes.serves(table.LIST_ARTIFACTS)
async def list_artifacts(exchange: Exchange[m.ListArtifacts]) -> m.ListArtifactsAnswer:
    request = exchange.message
    folder = relative(request.path or "")
    root, location = await run_root(exchange.backend, request.run)
    return await _listed(exchange.backend, root, location, folder)


@routes.serves(table.LIST_MODEL_ARTIFACTS)
async def list_model_artifacts(exchange: Exchange[m.ListModelArtifacts]) -> m.ListArtifactsAnswer:
    request = exchange.message
    folder = relative(request.artifact_directory_path or "")
    root, location = await model_root(exchange.backend, request.model_id)
    return await _listed(exchange.backend, root, location, folder)


async def _listed(backend: Backend, root: Root, location: str, folder: str) -> m.ListArtifactsAnswer:
    entries = await served(backend).call(root.blobs.entries, folder)
    files = [m.FileMessage(path=entry.path, is_dir=entry.is_dir, file_size=entry.size_bytes) for entry in entries]
    return m.ListArtifactsAnswer(root_uri=location, files=files)


@routes.serves(table.LIST_MANIFEST)
async def list_manifest(exchange: Exchange[m.ListManifest]) -> m.ManifestAnswer:
    request, backend = exchange.message, exchange.backend
    path = relative(request.path or "")
    root, location = await _root_of_either(backend, request.run_id, request.model_id)
    manifest = backend.needed_manifest()
    found = await backend.call(manifest.list_manifest, root.manifest_root, root.manifest_path(path))
    start = len(root.folder) + 1 if root.folder else 0
    entries = [
        m.ManifestEntryMessage(
            path=entry.path[start:], size_bytes=entry.size_bytes, sha256=entry.sha256, recorded_ms=entry.recorded_ms
        )
        for entry in found
    ]
    return m.ManifestAnswer(root=location, entries=entries)


@routes.serves(table.GET_ARTIFACT)
async def get_artifact(exchange: Exchange[m.GetArtifact]) -> Response:
    request = exchange.message
    run_id = request.run
    if not request.path:
        raise MissingValue("path")
    path = file_path(request.path)
    root, _ = await run_root(exchange.backend, run_id)
    return await download(served(exchange.backend), root, path, exchange)


@routes.serves(table.GET_MODEL_ARTIFACT)
async def get_model_artifact(exchange: Exchange[m.GetModelArtifact]) -> Response:
    request = exchange.message
    if not request.artifact_file_path:
        raise CallerError("Missing value for required parameter 'artifact_file_path'.")
    path = file_path(request.artifact_file_path)
    root, _ = await model_root(exchange.backend, request.model_id)
    return await download(served(exchange.backend), root, path, exchange)


@routes.serves(table.UPLOAD_ARTIFACT)
async def upload_artifact(exchange: Exchange[m.UploadArtifact]) -> Response:
    request, backend = exchange.message, exchange.backend
    run_id = request.run_uuid or request.run_id
    if not run_id:
        raise MissingValue("run_uuid")
    if not request.path:
        raise MissingValue("path")
    path = file_path(request.path)
    content = bounded(exchange, MAX_UPLOAD_ARTIFACT_BYTES)
    if not exchange.content_length() and exchange.header("transfer-encoding") is None:
        raise InvalidValue(message="The request has no data to store: its body is the file.")
    root, _ = await run_root(backend, run_id, to_write=True)
    await upload(served(backend), root, path, exchange, content)
    return Response(b"", media_type=JSON)


@routes.serves(table.PRESIGN_UPLOAD)
async def presign_upload(exchange: Exchange[m.PresignUpload]) -> m.PresignedAnswer:
    request, backend = exchange.message, exchange.backend
    path = file_path(request.path)
    if request.run_id and not request.model_id:
        root, location = await run_root(backend, request.run_id, to_write=True)
    else:
        root, location = await _root_of_either(backend, request.run_id, request.model_id)
    blobs = _presigner(root, location)
    url = await served(backend).call(blobs.presign, "PUT", path, request.expiration or UPLOAD_EXPIRES_S)
    return m.PresignedAnswer(presigned_url=url, headers={})


@routes.serves(table.PRESIGN_DOWNLOAD)
async def presign_download(exchange: Exchange[m.PresignDownload]) -> m.PresignedAnswer:
    request, backend = exchange.message, exchange.backend
    path = file_path(request.path)
    root, location = await run_root(backend, request.run)
    blobs = _presigner(root, location)
    artifacts = served(backend)
    size = (await artifacts.call(root.blobs.stat, path)).size_bytes
    url = await artifacts.call(blobs.presign, "GET", path, request.expiration or DOWNLOAD_EXPIRES_S)
    return m.PresignedAnswer(presigned_url=url, headers={}, file_size=size)


def _presigner(root: Root, location: str) -> SupportsPresign:
    if root.proxied:
        raise InvalidValue(
            "run_id", location, "its artifacts go through this server; PUT or GET them at mlflow-artifacts."
        )
    if not isinstance(root.blobs, SupportsPresign):
        raise NotSupported(f"{join_uri(location, '')} can't be reached by signed addresses; object stores can.")
    return root.blobs


async def _root_of_either(backend: Backend, run_id: str | None, model_id: str | None) -> tuple[Root, str]:
    if bool(run_id) == bool(model_id):
        raise InvalidValue(message="Exactly one of run_id and model_id is needed.")
    if run_id:
        return await run_root(backend, run_id)
    return await model_root(backend, model_id or "")
