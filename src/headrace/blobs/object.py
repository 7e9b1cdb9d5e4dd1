"""Artifacts in S3, Google Cloud Storage and Azure, through obstore.

Large files are uploaded in parts and appear when the last one is there; an aborted upload removes its parts. Reads go
in ranges of `READ_BYTES`, so that no single request has to outlive its timeout; all ranges of one reader must be of
the same version of the file. Repeats and back-off are obstore's, with the limits of the HTTP settings.
"""

from __future__ import annotations

import configparser
import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from headrace import settings
from headrace.blobs.base import CHUNK_BYTES, Blob, BlobReader, BlobStore, BlobWriter, Entry
from headrace.blobs.paths import InvalidPath, file_path, relative
from headrace.errors import HeadraceError, InvalidValue, NotFound, StoreUnavailable
from headrace.lazy import optional_import

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import AzureStore, GCSStore, S3Store

    ObjectStore = S3Store | GCSStore | AzureStore

SCHEMES = {
    "s3": "s3", "s3a": "s3", "s3n": "s3", "r2": "s3",
    "gs": "gcs", "gcs": "gcs",
    "az": "azure", "abfs": "azure", "abfss": "azure", "wasb": "azure", "wasbs": "azure", "adl": "azure",
}  # fmt: skip
READ_BYTES = 32 << 20  # at 120 s a request: from 280 kB/s up
PART_BYTES = 8 << 20
MAX_PARTS = 9_000  # S3 allows 10,000; some room for a file that grows
PARTS_AT_ONCE = 4  # memory of an upload: this many parts
DELETE_AT_ONCE = 1000
_AZURE_SUFFIXES = tuple(
    f".{kind}.{end}" for kind in ("blob", "dfs") for end in ("core.windows.net", "fabric.microsoft.com")
)
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")


@contextlib.contextmanager
def object_errors(uri: str, path: str) -> Iterator[None]:
    """Where obstore's errors become ours."""
    from obstore import exceptions

    try:
        yield
    except HeadraceError:
        raise
    except FileNotFoundError as error:
        if any(mark in str(error) for mark in _NO_BUCKET):
            raise StoreUnavailable(f"The bucket of {uri} doesn't exist.") from error
        raise NotFound("artifact", path, by="path") from error
    except exceptions.InvalidPathError as error:
        raise InvalidPath(path, "the object store refuses it") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise StoreUnavailable(
            f"{uri} refuses the credentials that are set for it: {_first_line(error)}. See docs/artifacts.md."
        ) from error
    except exceptions.PreconditionError as error:
        raise StoreUnavailable(f"Artifact {path!r} was replaced while it was read.") from error
    except (exceptions.BaseError, OSError, ValueError) as error:
        raise StoreUnavailable(f"{uri} can't answer for {path!r}: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0].rstrip(". ")


class ObjectReader(BlobReader):
    def __init__(self, store: ObjectBlobs, blob: Blob, start: int, end: int | None) -> None:
        self.blob = blob
        self.start = min(start, blob.size_bytes)
        self.end = max(self.start, blob.size_bytes if end is None else min(end, blob.size_bytes))
        self._store = store
        self._at = self._range_end = self.start
        self._chunks: Iterator[bytes] = iter(())

    def __next__(self) -> bytes:
        while True:
            with object_errors(self._store.uri, self.blob.path):
                chunk = next(self._chunks, None)
            if chunk:
                self._at += len(chunk)
                return bytes(chunk)
            if self._at < self._range_end:
                raise StoreUnavailable(f"Artifact {self.blob.path!r} ended early, at byte {self._at}.")
            if self._at >= self.end:
                raise StopIteration
            self._range_end = min(self._at + READ_BYTES, self.end)
            self._chunks = self._store.stream(self.blob, self._at, self._range_end)

    def close(self) -> None:
        self._chunks = iter(())
        self._at = self._range_end = self.end


class ObjectWriter(BlobWriter):
    def __init__(self, path: str, uri: str, file: WritableFile) -> None:
        super().__init__(path)
        self._uri = uri
        self._file = file

    def _write(self, chunk: bytes | bytearray | memoryview) -> None:
        with object_errors(self._uri, self.path):
            self._file.write(chunk)

    def _commit(self) -> None:
        with object_errors(self._uri, self.path):
            self._file.close()

    def _abort(self) -> None:
        # obstore removes the parts that are uploaded when its context manager ends by an error.
        cause = InterruptedError("upload aborted")
        with contextlib.suppress(Exception):
            self._file.__exit__(InterruptedError, cause, None)


class ObjectBlobs(BlobStore):
    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._obstore: ModuleType = optional_import("obstore", extra="s3", why=f"for {uri}")
        self._store = _open(uri)

    def open_reader(self, path: str, start: int = 0, end: int | None = None) -> BlobReader:
        return ObjectReader(self, self.stat(path), start, end)

    def stream(self, blob: Blob, start: int, end: int) -> Iterator[bytes]:
        options: dict[str, Any] = {"range": (start, end)}
        if blob.etag:
            options["if_match"] = blob.etag
        with object_errors(self.uri, blob.path):
            answer = self._obstore.get(self._store, blob.path, options=options)
            chunks: Iterator[bytes] = iter(answer.stream(min_chunk_size=CHUNK_BYTES))
        return chunks

    def open_writer(self, path: str, size_bytes: int | None = None) -> BlobWriter:
        clean = file_path(path)
        part = max(PART_BYTES, (size_bytes or 0) // MAX_PARTS + 1)
        with object_errors(self.uri, path):
            file = self._obstore.open_writer(self._store, clean, buffer_size=part, max_concurrency=PARTS_AT_ONCE)
        return ObjectWriter(clean, self.uri, file)

    def entries(self, path: str = "") -> list[Entry]:
        clean = relative(path)
        with object_errors(self.uri, path):
            found = self._obstore.list_with_delimiter(self._store, clean or None)
        files = [
            Entry(row["path"], False, row["size"])
            for row in found["objects"]
            if row["path"].strip("/") != clean  # an empty object "folder/", as consoles make them
        ]
        folders = [Entry(prefix.rstrip("/"), True) for prefix in found["common_prefixes"]]
        return sorted(files + folders, key=lambda entry: (entry.path, entry.is_dir))

    def stat(self, path: str) -> Blob:
        clean = file_path(path)
        try:
            with object_errors(self.uri, path):
                found = self._obstore.head(self._store, clean)
        except NotFound:
            if self.entries(clean):
                raise InvalidPath(path, "it is a folder") from None
            raise
        modified_ms = int(found["last_modified"].timestamp() * 1000)
        return Blob(clean, found["size"], found["e_tag"], modified_ms)

    def delete(self, path: str) -> None:
        clean = relative(path)
        with object_errors(self.uri, path):
            for rows in self._obstore.list(self._store, clean or None, chunk_size=DELETE_AT_ONCE):
                self._obstore.delete(self._store, [row["path"] for row in rows])
        if clean:
            with contextlib.suppress(NotFound), object_errors(self.uri, path):
                self._obstore.delete(self._store, clean)

    def presign(self, method: Literal["GET", "PUT"], path: str, expires_s: int) -> str:
        clean = file_path(path)
        with object_errors(self.uri, path):
            url: str = self._obstore.sign(self._store, method, clean, timedelta(seconds=expires_s))
        return url


def _open(uri: str) -> ObjectStore:
    from obstore.store import GCSStore

    parts = urlsplit(uri)
    prefix = relative(parts.path.lstrip("/")) or None
    client: dict[str, Any] = {
        "timeout": timedelta(seconds=settings.HTTP_TIMEOUT_S.get()),
        "allow_invalid_certificates": settings.S3_IGNORE_TLS.get(),
    }
    retry: dict[str, Any] = {"max_retries": settings.HTTP_MAX_RETRIES.get()}
    if not parts.netloc:
        raise InvalidValue("artifact location", uri, "a bucket is needed: scheme://bucket/folder.")
    kind = SCHEMES[parts.scheme]
    try:
        if kind == "s3":
            return _open_s3(parts.netloc, prefix, client, retry)
        if kind == "gcs":
            return GCSStore(parts.netloc, prefix=prefix, client_options=client, retry_config=retry)  # type: ignore[arg-type]
        return _open_azure(uri, prefix, client, retry)
    except (ValueError, OSError) as error:
        raise StoreUnavailable(f"{uri} can't be opened: {_first_line(error)}.") from error


def _open_s3(bucket: str, prefix: str | None, client: dict[str, Any], retry: dict[str, Any]) -> S3Store:
    from obstore.store import S3Store

    options: dict[str, Any] = _aws_credentials()
    endpoint = settings.S3_ENDPOINT_URL.get()
    if endpoint:
        # The server's operator or the user chose this address by an environment variable: http is their decision.
        client["allow_http"] = endpoint.startswith("http://")
        options |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
    return S3Store(bucket, prefix=prefix, client_options=client, retry_config=retry, **options)  # type: ignore[arg-type]


def _aws_credentials() -> dict[str, str]:
    """Keys and region of the AWS profile files, where the environment (which obstore reads itself) has none."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return {}
    profile = os.environ.get("AWS_PROFILE", "default")
    credentials = configparser.RawConfigParser()
    credentials.read(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", Path("~/.aws/credentials").expanduser()))
    config = configparser.RawConfigParser()
    config.read(os.environ.get("AWS_CONFIG_FILE", Path("~/.aws/config").expanduser()))
    section = profile if profile == "default" else f"profile {profile}"
    found: dict[str, str] = {}
    for key, name in (
        ("aws_access_key_id", "access_key_id"),
        ("aws_secret_access_key", "secret_access_key"),
        ("aws_session_token", "session_token"),
    ):
        value = credentials.get(profile, key, fallback=None) or config.get(section, key, fallback=None)
        if value:
            found[name] = value
    region = config.get(section, "region", fallback=None)
    if region and not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        found["region"] = region
    return found


def _open_azure(uri: str, prefix: str | None, client: dict[str, Any], retry: dict[str, Any]) -> AzureStore:
    """CONTAINER alone (account from AZURE_STORAGE_ACCOUNT_NAME) or CONTAINER@ACCOUNT.blob.core.windows.net."""
    from obstore.store import AzureStore

    container, at, host = urlsplit(uri).netloc.partition("@")
    options: dict[str, Any] = {}
    if at:
        account = next((host.removesuffix(end) for end in _AZURE_SUFFIXES if host.endswith(end)), "")
        # The host decides where the credentials go, so only Azure's own are taken from an address.
        if not account.isalnum():
            raise InvalidValue(
                "artifact location", uri, f"the host must be an account of Azure: ACCOUNT{_AZURE_SUFFIXES[0]}."
            )
        options["account_name"] = account
        options["use_fabric_endpoint"] = "fabric" in host
    return AzureStore(container, prefix=prefix, client_options=client, retry_config=retry, **options)  # type: ignore[arg-type]
