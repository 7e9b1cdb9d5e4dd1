"""Artifacts behind an HTTP address: a tracking server's artifact proxy, as any MLflow or Headrace server has it.

An upload is sent in one request, with its length, so that the server can tell a whole file from a torn one; where the
length isn't known beforehand the bytes wait in a temporary file. Listing needs a proxy's address; below any other
address single files can be read and written, and every folder looks empty.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from headrace.blobs.base import (
    CHUNK_BYTES,
    Blob,
    BlobReader,
    BlobStore,
    BlobWriter,
    Entry,
    Progress,
    Stored,
    open_source,
    source_size,
)
from headrace.blobs.paths import InvalidPath, file_path, join, relative
from headrace.errors import Corrupt, InvalidValue, NotFound, StoreUnavailable, Unauthenticated
from headrace.net.message import Request, Response, Transport
from headrace.net.problems import redacted, refused

PROXY_MARK = "/mlflow-artifacts/artifacts"
SPOOL_BYTES = 8 << 20  # an upload of unknown length up to this stays in memory
# Ranges count bytes of the file itself, which a compressed answer wouldn't hold.
_AS_STORED = {"Accept-Encoding": "identity"}


class HttpReader(BlobReader):
    def __init__(self, response: Response, blob: Blob, start: int, end: int, skip: int = 0) -> None:
        self.blob, self.start, self.end = blob, start, end
        self._response = response
        self._chunks = response.chunks(CHUNK_BYTES)
        self._skip, self._left = skip, end - start

    def __next__(self) -> bytes:
        while self._left > 0:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise StoreUnavailable(
                    f"Artifact {self.blob.path!r} ended {self._left} bytes early, at byte {self.end - self._left}."
                )
            if self._skip:
                dropped = min(self._skip, len(chunk))
                self._skip -= dropped
                chunk = chunk[dropped:]
            chunk = chunk[: self._left]
            if chunk:
                self._left -= len(chunk)
                return chunk
        raise StopIteration

    def close(self) -> None:
        self._left = 0
        self._response.close()


class HttpWriter(BlobWriter):
    def __init__(self, store: HttpBlobs, path: str) -> None:
        super().__init__(path)
        self._store = store
        self._spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 (closed by commit or abort)

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        self._spool.write(chunk)

    def _commit(self) -> None:
        with self._spool as spool:
            spool.seek(0)
            self._store.send(self.path, spool, self.size_bytes)

    def _abort(self) -> None:
        self._spool.close()


class HashingReader:
    """A file on its way out: digests and reports what is read; set back to its start, it begins anew."""

    def __init__(self, file: io.FileIO, progress: Progress | None = None) -> None:
        self._file, self._progress = file, progress
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        self._sha256.update(chunk)
        self.size_bytes += len(chunk)
        if self._progress and chunk:
            self._progress(len(chunk))
        return chunk

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, position: int) -> int:
        assert position == 0, "an upload is repeated from its start"
        if self._progress:
            self._progress(-self.size_bytes)
        self._sha256, self.size_bytes = hashlib.sha256(), 0
        return self._file.seek(0)

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


class HttpBlobs(BlobStore):
    """url: the http(s) address that the root `uri` stands for. anonymous: the transport carries no credentials, for
    this host isn't the tracking server's."""

    def __init__(self, uri: str, url: str, transport: Transport, anonymous: bool = False) -> None:
        self.uri, self._url, self._transport, self._anonymous = uri, url.rstrip("/"), transport, anonymous

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        clean = file_path(path)
        if end is not None and end <= start:
            blob = self.stat(clean)
            at = min(start, blob.size_bytes)
            return HttpReader(Response(204, {}), blob, at, at)
        headers = dict(_AS_STORED)
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        response = self._send(Request(method="GET", url=self._address(clean), headers=headers, stream=True))
        if response.status == 416:
            response.close()
            size = _total_size(response, clean)
            return HttpReader(response, Blob(clean, size), size, size)
        self._check(response, clean)
        if response.status == 206:
            total = _total_size(response, clean)
            last = total if end is None else min(end, total)
            return HttpReader(response, _blob(clean, total, response), start, last)
        total = _content_length(response, clean)
        first = min(start, total)
        last = max(first, total if end is None else min(end, total))
        return HttpReader(response, _blob(clean, total, response), first, last, skip=first)

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:  # noqa: ARG002
        return HttpWriter(self, file_path(path))

    def put_file(self, path: str, source: Path, progress: Progress | None = None) -> Stored:
        clean = file_path(path)
        with open_source(source) as file:
            body = HashingReader(file, progress)
            self.send(clean, body, source_size(file))
        return Stored(clean, body.size_bytes, body.sha256)

    def send(self, clean: str, body: Any, size_bytes: int) -> None:
        headers = {"Content-Length": str(size_bytes), "Content-Type": "application/octet-stream"}
        content = body if size_bytes else b""
        with self._send(Request(method="PUT", url=self._address(clean), headers=headers, body=content)) as response:
            self._check(response, clean)

    def entries(self, path: str = "") -> list[Entry]:
        clean = relative(path)
        head, mark, root = self._split()
        if not mark:
            return []
        query = urlencode({"path": join(root, clean)})
        address = f"{head}{mark}?{query}"
        with self._send(Request(method="GET", url=address, headers=_AS_STORED)) as response:
            if response.status == 404:
                return []
            self._check(response, clean)
            rows = _rows(response, address)
        found = [Entry(join(clean, _one_name(row)), bool(row.get("is_dir")), _size(row)) for row in rows]
        return sorted(found, key=lambda entry: (entry.path, entry.is_dir))

    def stat(self, path: str) -> Blob:
        clean = file_path(path)
        # HEAD is a route that not every server has; the first byte tells as much.
        request = Request(
            method="GET", url=self._address(clean), headers={**_AS_STORED, "Range": "bytes=0-0"}, stream=True
        )
        with self._send(request) as response:
            if response.status != 416:
                self._check(response, clean)
            size = _content_length(response, clean) if response.status == 200 else _total_size(response, clean)
            return _blob(clean, size, response)

    def delete(self, path: str) -> None:
        clean = relative(path)
        with self._send(Request(method="DELETE", url=self._address(clean))) as response:
            if response.status != 404:
                self._check(response, clean)

    def _address(self, clean: str) -> str:
        parts = urlsplit(self._url)
        return urlunsplit(parts._replace(path=join(parts.path, quote(clean)) if clean else parts.path))

    def _split(self) -> tuple[str, str, str]:
        """The address up to the proxy's mark, the mark, and the folder behind it, decoded."""
        from urllib.parse import unquote

        head, mark, root = self._url.partition(PROXY_MARK)
        return head, mark, relative(unquote(root.strip("/")))

    def _send(self, request: Request) -> Response:
        return self._transport.send(request)

    def _check(self, response: Response, path: str) -> None:
        if 200 <= response.status < 300:
            return
        if response.status == 404:
            raise NotFound("artifact", path, by="path")
        if response.status == 401 and self._anonymous:
            host = urlsplit(self._url).hostname
            raise Unauthenticated(
                f"{redacted(self._url)} asks who is calling. Credentials of the tracking server aren't sent to other "
                f"hosts; to trust this one, set HEADRACE_ARTIFACT_HOSTS={host}."
            )
        error = refused(self._url, response)
        if response.status == 400 and not isinstance(error, InvalidValue):
            raise InvalidPath(path, f"{redacted(self._url)} refuses it ({error.message})")
        raise error


def _blob(path: str, size: int, response: Response) -> Blob:
    return Blob(path, size, response.headers.get("etag"))


def _total_size(response: Response, path: str) -> int:
    """Of Content-Range: bytes 0-9/10, or bytes */10."""
    total = response.headers.get("content-range", "").rpartition("/")[2]
    if not total.isascii() or not total.isdigit():
        raise Corrupt(f"The answer for a range of {path!r} doesn't say how long the file is.")
    return int(total)


def _content_length(response: Response, path: str) -> int:
    length = response.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise Corrupt(f"The answer for {path!r} doesn't say how long the file is.")
    return int(length)


def _rows(response: Response, url: str) -> Iterator[dict[str, Any]]:
    try:
        rows = json.loads(response.body).get("files", [])
        return iter([dict(row) for row in rows])
    except (ValueError, AttributeError, TypeError):
        raise Corrupt(f"{redacted(url)} answered with what isn't a listing.") from None


def _one_name(row: dict[str, Any]) -> str:
    """The server's word for a name isn't trusted: it becomes the name of a file here."""
    path = str(row.get("path", ""))
    name = path.rstrip("/").rpartition("/")[2]
    if not name or relative(name) != name:
        raise InvalidPath(path, "a listing may hold names only")
    return name


def _size(row: dict[str, Any]) -> int | None:
    size = row.get("file_size")
    return None if row.get("is_dir") or size is None else int(size)
