"""Bytes of artifacts between a request and a store: a few chunks in memory, whatever the size of the file."""

from __future__ import annotations

import logging
import mimetypes
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from headrace import clock
from headrace.blobs.base import CHUNK_BYTES, Blob, BlobReader, BlobStore, BlobWriter, Stored
from headrace.entities import Act, FileRecord, ManifestEntry
from headrace.errors import Corrupt, StoreUnavailable, TooLarge
from headrace.registry.held_files import Promise
from headrace.server.act import who_of
from headrace.server.artifacts import Lane, Root, ServedArtifacts
from headrace.server.exchange import Exchange

# Shown as text by the UI, and never run by a browser: what MLflow's servers force to text/plain.
_TEXT_ENDINGS = frozenset(
    "cf cfg cnf conf csv err hocon ini ipynb js json log md prop properties py py3 rst toml tsv txt xml yaml "
    "yml".split()
)
_TEXT_NAMES = frozenset({"MLmodel", "mlproject"})
OWN_CLIENT = "headrace-python-client"
logger = logging.getLogger("headrace.server")

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Span:
    """The part of a file that a request asks for. None of start and end: nothing of it exists (416)."""

    def __init__(self, start: int | None, end: int | None, partial: bool) -> None:
        self.start, self.end, self.partial = start, end, partial


def span(header: str | None, size_bytes: int) -> Span:
    """Several ranges at once, and what isn't a range of bytes, count as the whole file."""
    whole = Span(0, size_bytes, False)
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or not (found[1] or found[2]):
        return whole
    if not found[1]:
        length = int(found[2])
        return Span(max(0, size_bytes - length), size_bytes, True) if length and size_bytes else Span(None, None, True)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return whole
    end = min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
    return Span(start, end, True) if start < size_bytes else Span(None, None, True)


def content_type(path: str) -> str:
    name = path.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if name in _TEXT_NAMES or ending in _TEXT_ENDINGS:
        return "text/plain; charset=utf-8"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def disposition(path: str) -> str:
    """For saving, never for showing in place. Names beyond plain ASCII go percent-encoded beside a readable one."""
    name = path.rpartition("/")[2]
    plain = re.sub(r"[^A-Za-z0-9._+ ()\[\]{}~@,=&%!-]", "_", name)
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


class _Found:
    """What a thread has made ready. reader None: `content` is all there is to send."""

    def __init__(
        self,
        status: int,
        headers: dict[str, str],
        content: bytes = b"",
        reader: BlobReader | None = None,
        promise: Promise | None = None,
    ) -> None:
        self.status, self.headers, self.content, self.reader, self.promise = status, headers, content, reader, promise


async def download(
    artifacts: ServedArtifacts,
    root: Root,
    path: str,
    exchange: Exchange[Any],
    promised: Callable[[], Promise | None] | None = None,
) -> Response:
    """The file, or the range that is asked for. A file of a model version must be what it was registered with: Corrupt
    for one that isn't; a large one, which is read while it is sent, never arrives whole then. Ranges of a file are held
    against its size only. promised: what the file must be, if not what any version that lies there says."""
    lane = artifacts.lane()
    bare = exchange.scope["method"] == "HEAD"
    conditions = {name: exchange.header(name) for name in ("range", "if-range", "if-none-match")}
    held = exchange.backend.held_files
    if promised is None and held is not None:
        promised = partial(held.promise, root.places(path))
    try:
        found = await lane.call(_find, root.blobs, path, conditions, bare, promised or _nothing)
    except Corrupt as error:
        logger.warning("%s: %s", exchange.scope["path"], error.message)
        raise
    if found.reader is None:
        return Response(found.content, found.status, found.headers)
    sent = _sent(lane, found.reader) if found.promise is None else _proven(lane, found.reader, found.promise)
    return StreamingResponse(sent, found.status, found.headers)


def _nothing() -> None:
    return None


def _find(
    blobs: BlobStore,
    path: str,
    conditions: Mapping[str, str | None],
    bare: bool,
    promised: Callable[[], Promise | None],
) -> _Found:
    with ExitStack() as opened:
        reader = opened.enter_context(blobs.open_reader(path))
        blob, headers = reader.blob, _headers(reader.blob)
        if blob.etag and blob.etag in (conditions["if-none-match"] or ""):
            return _Found(304, headers)
        asked = conditions["range"] if conditions["if-range"] in (None, blob.etag) else None
        part = span(asked, blob.size_bytes)
        if part.start is None or part.end is None:
            return _Found(416, headers | {"Content-Range": f"bytes */{blob.size_bytes}"})
        promise = promised()
        if promise is not None:
            promise.check_size(blob.size_bytes)
        headers["Content-Length"] = str(part.end - part.start)
        if part.partial:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{blob.size_bytes}"
            reader.close()
            reader = opened.enter_context(blobs.open_reader(path, part.start, part.end))
            if (reader.blob.size_bytes, reader.blob.etag) != (blob.size_bytes, blob.etag):
                raise StoreUnavailable(f"Artifact {path!r} was replaced while it was opened.")
        status = 206 if part.partial else 200
        if bare:
            return _Found(status, headers)
        if part.end - part.start < blob.size_bytes:
            promise = None
        if part.end - part.start <= CHUNK_BYTES:
            content = b"".join(reader)
            if promise is not None:
                promise.check(FileRecord(len(content), sha256(content).hexdigest()))
            return _Found(status, headers, content)
        opened.pop_all()
        return _Found(status, headers, reader=reader, promise=promise)


async def _sent(lane: Lane, reader: BlobReader) -> AsyncIterator[bytes]:
    try:
        while chunk := await lane.call(next, reader, b""):
            yield chunk
    finally:
        lane.afterwards(reader.close)


async def _proven(lane: Lane, reader: BlobReader, promise: Promise) -> AsyncIterator[bytes]:
    """The last chunk waits until all before it and itself are known to be right."""
    digest, size, waiting = sha256(), 0, b""

    def read() -> bytes:
        chunk = next(reader, b"")
        digest.update(chunk)
        return chunk

    try:
        while chunk := await lane.call(read):
            if waiting:
                yield waiting
            waiting, size = chunk, size + len(chunk)
        promise.check(FileRecord(size, digest.hexdigest()))
        yield waiting
    finally:
        lane.afterwards(reader.close)


def _headers(blob: Blob) -> dict[str, str]:
    headers = {
        "Content-Type": content_type(blob.path),
        "Content-Disposition": disposition(blob.path),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": "sandbox",
    }
    return headers | ({"ETag": blob.etag} if blob.etag else {})


def bounded(exchange: Exchange[Any], most: int | None) -> AsyncIterator[bytes]:
    """The body, or TooLarge: at once where its length is told, else when it has become too long."""
    length = exchange.content_length()
    if most is not None and length is not None and length > most:
        raise TooLarge("The artifact", length, most)
    return exchange.chunks() if most is None else _counted(exchange, most)


async def _counted(exchange: Exchange[Any], most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in exchange.chunks():
        size += len(chunk)
        if size > most:
            raise TooLarge("The artifact", size, most)
        yield chunk


async def upload(
    artifacts: ServedArtifacts, root: Root, path: str, exchange: Exchange[Any], content: AsyncIterator[bytes]
) -> Stored:
    """Stores the body and notes its digest in the manifest; nothing is seen of it before it is complete."""
    lane = artifacts.lane()
    writer = await lane.call(root.blobs.open_writer, path, exchange.content_length())
    try:
        await _receive(lane, writer, content)
        async with artifacts.turn(root.manifest_root, root.manifest_path(path)):
            stored = await lane.call(writer.commit)
            await _record(exchange, root, stored)
            await _tell_versions(exchange, root, path, stored)
    except BaseException:
        lane.afterwards(writer.abort)
        raise
    return stored


async def _receive(lane: Lane, writer: BlobWriter, content: AsyncIterator[bytes]) -> None:
    waiting: list[bytes] = []
    size = 0
    async for chunk in content:
        waiting.append(chunk)
        size += len(chunk)
        if size >= CHUNK_BYTES:
            await lane.call(_write, writer, waiting)
            waiting, size = [], 0
    if waiting:
        await lane.call(_write, writer, waiting)


def _write(writer: BlobWriter, chunks: list[bytes]) -> None:
    writer.write(chunks[0] if len(chunks) == 1 else b"".join(chunks))


async def _record(exchange: Exchange[Any], root: Root, stored: Stored) -> None:
    manifest = exchange.backend.manifest
    if manifest is not None:
        entry = ManifestEntry(
            root.manifest_root,
            root.manifest_path(stored.path),
            stored.size_bytes,
            stored.sha256,
            clock.now_ms(),
        )
        await exchange.backend.write(manifest.record_artifact, entry)


async def _tell_versions(exchange: Exchange[Any], root: Root, path: str, stored: Stored) -> None:
    """Our own client says itself what it edits, in all its files at once, and why."""
    backend = exchange.backend
    if backend.held_files is None or (exchange.header("user-agent") or "").startswith(OWN_CLIENT):
        return
    act = Act(who_of(exchange), f"{path.rpartition('/')[2]} was uploaded")
    record = FileRecord(stored.size_bytes, stored.sha256)
    await backend.call(backend.held_files.edited, root.places(path), record, act)
