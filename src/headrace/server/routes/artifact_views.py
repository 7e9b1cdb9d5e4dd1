"""Artifacts as a page shows and hands them out: a folder as a zip file, an ONNX file as a list of what it holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from functools import partial
from itertools import chain
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse

from headrace.blobs.base import BlobStore
from headrace.blobs.paths import file_path, relative
from headrace.errors import InvalidValue, MissingValue, NotFound, StoreUnavailable
from headrace.registry.held_files import HeldFiles, Promise
from headrace.server.artifacts import Lane, Root
from headrace.server.backend import Backend
from headrace.server.exchange import Exchange, Routes
from headrace.server.onnx_summary import summary
from headrace.server.protobuf import Malformed, Wire
from headrace.server.routes.artifacts import model_root, run_root, served, version_root
from headrace.server.transfer import disposition
from headrace.server.zipped import files, zipped
from headrace.wire.endpoint import ZIP
from headrace.wire.messages import artifacts as m
from headrace.wire.table import artifacts as table

routes = Routes()


class _Place(NamedTuple):
    """label: for the name of a file that holds all of it. promised: what a file must be."""

    root: Root
    label: str
    promised: Callable[[str], Promise | None]


async def _place(backend: Backend, asked: m.ArtifactPlace) -> _Place:
    held = backend.held_files
    given = [bool(asked.run_id), bool(asked.model_id), bool(asked.name or asked.version)]
    if sum(given) != 1:
        raise InvalidValue(message="One of run_id, model_id, and name with version is needed.")
    if asked.name or asked.version:
        if not asked.name or not asked.version:
            raise MissingValue("version" if asked.name else "name")
        root, _ = await version_root(backend, asked.name, asked.version)
        of_version = _no_promise if held is None else partial(held.promise_of, asked.name, asked.version)
        return _Place(root, f"{asked.name}-{asked.version}", of_version)
    if asked.run_id:
        root, _ = await run_root(backend, asked.run_id)
    else:
        root, _ = await model_root(backend, asked.model_id or "")
    promised = _no_promise if held is None else _Promises(held, root)
    return _Place(root, asked.run_id or asked.model_id or "", promised)


def _no_promise(_: str) -> None:
    return None


class _Promises:
    """Of files below a root; asks once for each folder whether there are any."""

    def __init__(self, held: HeldFiles, root: Root) -> None:
        self._held, self._root = held, root
        self._folder, self._any = "", False
        self._known = False

    def __call__(self, path: str) -> Promise | None:
        folder, places = path.rpartition("/")[0], self._root.places(path)
        if not self._known or folder != self._folder:
            self._folder, self._any, self._known = folder, self._held.any_at(places), True
        return self._held.promise(places) if self._any else None


@routes.serves(table.ZIP_ARTIFACTS)
async def zip_artifacts(exchange: Exchange[m.ZipArtifacts]) -> Response:
    folder = relative(exchange.message.path)
    place = await _place(exchange.backend, exchange.message)
    lane = served(exchange.backend).lane()
    blobs = place.root.blobs
    found = files(blobs, folder)
    first = await lane.call(next, found, None)
    if first is None:
        raise NotFound("file below folder", folder, by="path")
    name = folder.rpartition("/")[2] or place.label.replace("/", "_")
    headers = {"Content-Disposition": disposition(f"{name}.zip"), "Content-Security-Policy": "sandbox"}
    if exchange.scope["method"] == "HEAD":
        return Response(None, headers=headers, media_type=ZIP)
    content = _sent(lane, zipped(blobs, folder, chain((first,), found), place.promised))
    return StreamingResponse(content, headers=headers, media_type=ZIP)


async def _sent(lane: Lane, chunks: Generator[bytes, None, None]) -> AsyncIterator[bytes]:
    try:
        while chunk := await lane.call(next, chunks, b""):
            yield chunk
    finally:
        lane.afterwards(chunks.close)


@routes.serves(table.SUMMARISE_ONNX)
async def summarise_onnx(exchange: Exchange[m.SummariseOnnx]) -> m.OnnxAnswer:
    if not exchange.message.path:
        raise MissingValue("path")
    path = file_path(exchange.message.path)
    place = await _place(exchange.backend, exchange.message)
    return await served(exchange.backend).call(_summary, place.root.blobs, path)


def _summary(blobs: BlobStore, path: str) -> m.OnnxAnswer:
    whole = blobs.stat(path)

    def read(start: int, end: int) -> bytes:
        with blobs.open_reader(path, start, end) as reader:
            if (reader.blob.size_bytes, reader.blob.etag) != (whole.size_bytes, whole.etag):
                raise StoreUnavailable(f"Artifact {path!r} was replaced while it was read.")
            return b"".join(reader)

    try:
        return summary(Wire(read, whole.size_bytes))
    except Malformed as error:
        raise InvalidValue("path", path, f"the file is no ONNX model that can be read: {error}.") from None
