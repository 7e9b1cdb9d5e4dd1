"""The artifact proxy: files below the server's artifacts destination, for clients that have no access to it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from headrace.asgi.refusal import Refusal
from headrace.blobs.base import BlobStore, SupportsPresign
from headrace.blobs.paths import InvalidPath, file_path, relative
from headrace.errors import NotSupported
from headrace.server.artifacts import NOT_SERVED, PROXY_ROOT, Root, ServedArtifacts
from headrace.server.exchange import Exchange, Routes
from headrace.server.routes.artifacts import DOWNLOAD_EXPIRES_S
from headrace.server.transfer import bounded, download, upload
from headrace.wire.messages import artifacts as m
from headrace.wire.messages.fields import Done
from headrace.wire.table import artifacts as table

routes = Routes()


def _proxied(exchange: Exchange[Any]) -> tuple[ServedArtifacts, BlobStore]:
    artifacts = exchange.backend.artifacts
    if not isinstance(artifacts, ServedArtifacts):
        raise Refusal(503, NOT_SERVED)
    return artifacts, artifacts.proxied()


@routes.serves(table.PROXY_UPLOAD)
async def put(exchange: Exchange[m.ProxyFile]) -> Response:
    artifacts, blobs = _proxied(exchange)
    path = file_path(exchange.message.path)
    content = bounded(exchange, exchange.backend.options.max_upload_bytes)
    await upload(artifacts, Root(blobs, PROXY_ROOT, "", True), path, exchange, content)
    return Response(b"")


@routes.serves(table.PROXY_DOWNLOAD)
async def get(exchange: Exchange[m.ProxyFile]) -> Response:
    artifacts, blobs = _proxied(exchange)
    try:
        root = Root(blobs, PROXY_ROOT, "", True)
        return await download(artifacts, root, file_path(exchange.message.path), exchange)
    except InvalidPath as error:
        error.json_kwargs["detail"] = error.message  # where newer MLflow servers put it
        raise


@routes.serves(table.PROXY_LIST)
async def list_folder(exchange: Exchange[m.ProxyFolder]) -> m.ProxyListAnswer:
    artifacts, blobs = _proxied(exchange)
    entries = await artifacts.call(blobs.entries, relative(exchange.message.path or ""))
    files = [
        m.FileMessage(path=entry.path.rpartition("/")[2], is_dir=entry.is_dir, file_size=entry.size_bytes)
        for entry in entries
    ]
    return m.ProxyListAnswer(files=files)


@routes.serves(table.PROXY_DELETE)
async def delete(exchange: Exchange[m.ProxyFile]) -> Done:
    artifacts, blobs = _proxied(exchange)
    path = relative(exchange.message.path)
    if not path:
        raise InvalidPath(exchange.message.path, "it names everything; name a file or folder")
    async with artifacts.turn(PROXY_ROOT, path):
        await artifacts.call(blobs.delete, path)
        manifest = exchange.backend.manifest
        if manifest is not None:
            await exchange.backend.write(manifest.forget_artifacts, PROXY_ROOT, path)
    return Done()


@routes.serves(table.PROXY_PRESIGN)
async def presign(exchange: Exchange[m.ProxyFile]) -> m.PresignedAnswer:
    artifacts, blobs = _proxied(exchange)
    path = file_path(exchange.message.path)
    if not isinstance(blobs, SupportsPresign):
        raise NotSupported("The artifacts destination of this server can't be reached by signed addresses.")
    size = (await artifacts.call(blobs.stat, path)).size_bytes
    url = await artifacts.call(blobs.presign, "GET", path, DOWNLOAD_EXPIRES_S)
    return m.PresignedAnswer(url=url, headers={}, file_size=size)


async def _no_parts(exchange: Exchange[Any]) -> Any:
    _proxied(exchange)
    raise NotSupported("This server takes an upload in one request; send the file by PUT.")


routes.serves(table.PROXY_MULTIPART_CREATE)(_no_parts)
routes.serves(table.PROXY_MULTIPART_COMPLETE)(_no_parts)
routes.serves(table.PROXY_MULTIPART_ABORT)(_no_parts)
