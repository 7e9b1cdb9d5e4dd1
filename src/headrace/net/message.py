"""A request and its answer, as every transport takes and gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Protocol

CHUNK_BYTES = 1 << 20

Body = bytes | IO[bytes] | Iterable[bytes]


@dataclass(frozen=True, kw_only=True)
class Request:
    """timeout_s None: the transport's own. stream: the body of a good answer stays on the socket until
    `chunks` is read. repeatable False: never sent twice, since the effect of a second time isn't known."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    timeout_s: float | None = None
    stream: bool = False
    repeatable: bool = True

    def with_headers(self, more: Mapping[str, str]) -> Request:
        """`more` gives way to what the request already says."""
        return Request(
            method=self.method,
            url=self.url,
            headers={**more, **self.headers},
            body=self.body,
            timeout_s=self.timeout_s,
            stream=self.stream,
            repeatable=self.repeatable,
        )


class ByteStream(Protocol):
    """What a streamed answer reads from; raises StoreUnavailable when the connection breaks."""

    def chunks(self, size_bytes: int) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class Response:
    """headers: names in lower case. body is empty while the answer is streamed. A context manager, for streams."""

    def __init__(
        self, status: int, headers: Mapping[str, str], body: bytes = b"", stream: ByteStream | None = None
    ) -> None:
        self.status, self.headers, self.body = status, headers, body
        self._stream = stream

    def chunks(self, size_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """The body piece by piece; once only for a streamed answer."""
        if self._stream is None:
            return iter((self.body,) if self.body else ())
        return self._stream.chunks(size_bytes)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Transport(Protocol):
    """Thread safe. Returns whatever the server answered, errors included; raises StoreUnavailable or TimedOut where
    there was no answer."""

    def send(self, request: Request) -> Response: ...
    def close(self) -> None: ...
