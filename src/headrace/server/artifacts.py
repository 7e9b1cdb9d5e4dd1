"""Which artifact addresses this server opens for callers, and the threads that move their bytes.

An experiment's artifact location is whatever its creator wrote, so it is opened only if it lies below a root that the
operator chose: the artifacts destination (also what `mlflow-artifacts:/` means), the default artifact root, and those
of HEADRACE_SERVED_ARTIFACT_ROOTS. Else a caller could read the server's files, or what only the server can reach.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import msgspec

from headrace import settings
from headrace.asgi.refusal import Refusal
from headrace.blobs.base import BlobStore
from headrace.blobs.below import below
from headrace.blobs.locations import canonical, path_below
from headrace.blobs.open import PROXY_SCHEME, open_blobs
from headrace.blobs.paths import join, join_uri, relative, scheme
from headrace.errors import Forbidden

PROXY_ROOT = f"{PROXY_SCHEME}:/"
THREADS = 16  # each moves one chunk at a time, so a slow client holds none of them
NOT_SERVED = "Artifacts aren't served here: this server was started with --no-serve-artifacts.\n"

P = ParamSpec("P")
R = TypeVar("R")


class Root(msgspec.Struct, frozen=True):
    """Where artifacts of a run or model lie. manifest_root, folder: under which names the manifest has them."""

    blobs: BlobStore
    manifest_root: str
    folder: str
    proxied: bool

    def manifest_path(self, path: str) -> str:
        return join(self.folder, path)

    def places(self, path: str) -> dict[str, str]:
        """Address of each folder around the file → its path below it: where a model could lie that it is a part of."""
        segments = self.manifest_path(path).split("/")
        return {
            join_uri(self.manifest_root, "/".join(segments[:depth])): "/".join(segments[depth:])
            for depth in range(len(segments))
        }


class Lane:
    """Calls about one file, one at a time, on the threads for artifacts."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._last: Future[Any] | None = None

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        job = self._last = self._pool.submit(function, *args, **kwargs)
        return await asyncio.wrap_future(job)

    def afterwards(self, function: Callable[[], None]) -> None:
        """Runs it when the last call has ended, also if whoever waited for that call is gone."""
        if self._last is None or self._last.done():
            self._pool.submit(function)
        else:
            self._last.add_done_callback(lambda _: function())


class _Turn:
    def __init__(self) -> None:
        self.lock, self.users = asyncio.Lock(), 0


class ServedArtifacts:
    """destination None: the proxy is off. roots: addresses below which locations are opened, beside the destination."""

    def __init__(self, destination: str | None, roots: Sequence[str] = ()) -> None:
        self._destination = destination
        given = (settings.SERVED_ARTIFACT_ROOTS.get() or "").split(",")
        named = [*roots, *(part.strip() for part in given)]
        own = [root for root in (*named, destination) if root and scheme(root) != PROXY_SCHEME]
        self._roots = {root: canonical(root) for root in own}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="headrace-artifacts")
        self._opened: dict[str, BlobStore] = {}  # by root: one pool of connections each
        self._opening = threading.Lock()
        self._turns: dict[tuple[str, str], _Turn] = {}

    def proxied(self) -> BlobStore:
        """What is below the artifacts destination. Refusal with 503 if the proxy is off."""
        if self._destination is None:
            raise Refusal(503, NOT_SERVED)
        return self._open_root(self._destination)

    def open(self, location: str) -> Root:
        """The artifact root of a run or model. Forbidden if it lies outside of this server's roots."""
        if scheme(location) == PROXY_SCHEME:
            parts = urlsplit(location)
            if parts.netloc:
                raise _outside(location)
            folder = relative(parts.path.lstrip("/"))
            return Root(below(self.proxied(), folder), PROXY_ROOT, folder, True)
        wanted = canonical(location)
        for root, place in self._roots.items():
            rest = path_below(wanted, place)
            if rest is not None:
                return Root(below(self._open_root(root), rest), location.rstrip("/"), "", False)
        raise _outside(location)

    def _open_root(self, root: str) -> BlobStore:
        with self._opening:
            if root not in self._opened:
                self._opened[root] = open_blobs(root)
            return self._opened[root]

    def lane(self) -> Lane:
        return Lane(self._pool)

    async def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await Lane(self._pool).call(function, *args, **kwargs)

    @asynccontextmanager
    async def turn(self, root: str, path: str) -> AsyncIterator[None]:
        """One at a time for each file, so that its bytes and its line in the manifest belong to the same upload."""
        key = (root, path)
        turn = self._turns.setdefault(key, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[key]

    def close(self) -> None:
        self._pool.shutdown()


def _outside(location: str) -> Forbidden:
    return Forbidden(
        f"Artifacts at {location!r} lie outside of the roots that this server serves, so it doesn't open them for "
        "callers. Clients that reach that place themselves can; to let the server serve it, add it to "
        f"{settings.SERVED_ARTIFACT_ROOTS.names[0]}."
    )
