"""Servers that aren't tracking servers, spoken to in JSON over HTTP: a cluster's API, say.

They get our proxies and TLS settings, never the credentials of the tracking server. Nothing is sent twice: who follows
a job asks again by himself, and who waits for a first answer wants to know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from headrace.errors import CallerError, InvalidValue, ServiceError
from headrace.net.message import Request, Response
from headrace.net.pool import PoolTransport

_SHOWN_CHARS = 500
_PART_BYTES = 1 << 16  # at most; of a chunked answer, each chunk is given as it comes


class Refused(CallerError):
    """The service answered with an error. status: of HTTP. said: its words."""

    def __init__(self, message: str, status: int, said: str) -> None:
        super().__init__(message)
        self.status, self.said = status, said


class JsonService:
    """Thread safe. name: for messages ("Ray"). base: http(s) address without a path's slash at its end."""

    def __init__(self, name: str, base: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidValue("address", base, f"the address of {name} begins with http:// or https://.")
        self.name, self.base = name, base.rstrip("/")
        self._headers = dict(headers or {})
        self._transport = PoolTransport()

    def get(self, path: str) -> Any:
        """The answer as plain values. Refused; StoreUnavailable and TimedOut without an answer."""
        return self._decoded(self._send(Request(method="GET", url=self.base + path)))

    def post(self, path: str, body: Any = None) -> Any:
        encoded = json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json"}
        return self._decoded(self._send(Request(method="POST", url=self.base + path, body=encoded, headers=headers)))

    def put_bytes(self, path: str, body: bytes) -> None:
        self._send(Request(method="PUT", url=self.base + path, body=body))

    def stream_lines(self, path: str, body: Any) -> Iterator[bytes]:
        """The lines of an answer as they come, without their ends."""
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        request = Request(
            method="POST", url=self.base + path, body=json.dumps(body).encode(), headers=headers, stream=True
        )
        rest = b""
        with self._send(request) as response:
            for chunk in response.chunks(_PART_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.rstrip(b"\r") for line in lines)
        if rest:
            yield rest

    def exists(self, path: str) -> bool:
        """False for 404."""
        try:
            self._send(Request(method="GET", url=self.base + path))
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return True

    def close(self) -> None:
        self._transport.close()

    def _send(self, request: Request) -> Response:
        response = self._transport.send(request.with_headers({"Accept": "application/json", **self._headers}))
        if 200 <= response.status < 300:
            return response
        said = response.body.decode("utf-8", "replace").strip()
        where = f"{self.name} at {self.base}"
        last = said.splitlines()[-1] if said else "nothing"  # of a traceback, what matters
        if response.status in (502, 503, 504):
            raise ServiceError(f"{where} answered {response.status}: {last[:_SHOWN_CHARS]}")
        raise Refused(f"{where} answered {response.status}: {last[:_SHOWN_CHARS]}", response.status, said)

    def _decoded(self, response: Response) -> Any:
        try:
            return json.loads(response.body)
        except ValueError:
            raise ServiceError(
                f"What answers at {self.base} doesn't speak {self.name}'s language: no JSON. Is the address right?"
            ) from None
