"""What routes call: the store of this server behind `await`, each kind of call on the thread that suits it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from headrace.entities import Changes
from headrace.errors import NotSupported, TooBusy
from headrace.registry import GuardedRegistry
from headrace.registry.held_files import HeldFiles
from headrace.registry.webhooks import Dispatcher, Webhooks
from headrace.server.artifacts import ServedArtifacts
from headrace.server.bridge import Bridge
from headrace.server.options import Options
from headrace.server.reaper import Reaper
from headrace.server.watch import Watch
from headrace.stores.base import AccessStore, ManifestStore, SupportsSubmit, TrackingStore
from headrace.stores.documents import SupportsDocuments
from headrace.stores.registry import DeliveryQueue, RegistryStore, SupportsLocations, WebhookService, WebhookStore

P = ParamSpec("P")
R = TypeVar("R")

OUTSIDE_THREADS, MAX_WAITING_OUTSIDE = 4, 32
MAX_WAITING_READS = 512  # a second or two of slow searches; beyond it an honest 429 beats a queue that only grows


class Backend:
    """artifacts: what the artifact routes were given by `create_app`; they know its type. models: the store of the
    registry; None: the tracking store, if it has one."""

    def __init__(
        self, store: TrackingStore, options: Options, artifacts: Any = None, models: TrackingStore | None = None
    ) -> None:
        self.store = store
        self.models = models or store
        self.options = options
        self.artifacts = artifacts
        self.documents = store if isinstance(store, SupportsDocuments) else None
        self.manifest = store if isinstance(store, ManifestStore) else None
        self.access = store if isinstance(store, AccessStore) else None
        self._submit = store.submit if isinstance(store, SupportsSubmit) else None
        self._quick_reads = bool(getattr(store, "quick_reads", False))
        self._quick_look_ups = bool(getattr(self.models, "quick_reads", False))
        self._webhooks = _checked(self.models)
        self._dispatcher = _dispatcher(self.models)
        self._reaper = Reaper.of_settings(store)
        self._registry = _guarded(self.models, store, artifacts)
        self.held_files = _held(self._registry, self.models)
        self.watch = Watch(self._changes)
        self._bridge = Bridge()
        self._pool = ThreadPoolExecutor(options.read_threads, thread_name_prefix="headrace-call")
        self._waiting = 0
        self._outside = ThreadPoolExecutor(OUTSIDE_THREADS, thread_name_prefix="headrace-outside")
        self._waiting_outside = 0

    def start(self) -> None:
        """Before the first request."""
        if self._dispatcher is not None:
            self._dispatcher.start()
        if self._reaper is not None:
            self._reaper.start()

    async def write(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """A write of the store: joins the group that commits next, where the store has groups."""
        if self._submit is None:
            result = await self.call(method, *args, **kwargs)
        else:
            result = await self._bridge.wait(self._submit(method.__name__, *args, **kwargs))
        self.watch.written()
        return result

    async def quick(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """A point read: on the event loop where the store says that it waits for nothing."""
        if self._quick_reads:
            return method(*args, **kwargs)
        return await self.call(method, *args, **kwargs)

    async def look_up(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `quick`, for a point read of the registry."""
        if self._quick_look_ups:
            return method(*args, **kwargs)
        return await self.call(method, *args, **kwargs)

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Anything that may take its time: on one of a bounded number of threads."""
        if self._waiting >= MAX_WAITING_READS:
            raise TooBusy(
                f"{self._waiting} requests are waiting for this server's {self.options.read_threads} readers."
            )
        self._waiting += 1
        try:
            return await self._bridge.wait(self._pool.submit(method, *args, **kwargs))
        finally:
            self._waiting -= 1

    async def _changes(self, since: str | None, experiment_ids: Sequence[str], max_results: int) -> Changes:
        return await self.call(self.store.changes, since, experiment_ids, max_results)

    async def reach_out(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """What asks other hosts, of which one that is slow must hold up nobody who reads."""
        if self._waiting_outside >= MAX_WAITING_OUTSIDE:
            raise TooBusy(f"{self._waiting_outside} requests are waiting for answers of other hosts.")
        self._waiting_outside += 1
        try:
            return await self._bridge.wait(self._outside.submit(method, *args, **kwargs))
        finally:
            self._waiting_outside -= 1

    @property
    def webhooks(self) -> WebhookService:
        if self._webhooks is None:
            raise NotSupported("This server's store keeps no webhooks.")
        return self._webhooks

    @property
    def registry(self) -> GuardedRegistry:
        if self._registry is None:
            raise NotSupported("This server's store keeps no registered models.")
        return self._registry

    def needed_manifest(self) -> ManifestStore:
        if self.manifest is None:
            raise NotSupported("This server's store keeps no manifest of artifacts.")
        return self.manifest

    def leave(self) -> None:
        """The server begins to stop: whoever listens ends."""
        self.watch.close()

    async def close(self) -> None:
        """After the last request: waits for running calls, then closes the stores."""
        await asyncio.to_thread(self._pool.shutdown)
        await asyncio.to_thread(self._outside.shutdown)
        if self._dispatcher is not None:
            await asyncio.to_thread(self._dispatcher.close)
        if self._reaper is not None:
            await asyncio.to_thread(self._reaper.close)
        if hasattr(self.artifacts, "close"):
            await asyncio.to_thread(self.artifacts.close)
        await asyncio.to_thread(self.store.close)
        if self.models is not self.store:
            await asyncio.to_thread(self.models.close)


def _guarded(models: object, tracking: TrackingStore, artifacts: object) -> GuardedRegistry | None:
    if not isinstance(models, RegistryStore):
        return None
    served = artifacts if isinstance(artifacts, ServedArtifacts) else ServedArtifacts(None)
    return GuardedRegistry(models, tracking, served)


def _held(registry: RegistryStore | None, models: object) -> HeldFiles | None:
    return HeldFiles(registry, models) if registry is not None and isinstance(models, SupportsLocations) else None


def _checked(models: object) -> WebhookService | None:
    if isinstance(models, WebhookService):
        return models
    return Webhooks(models) if isinstance(models, WebhookStore) else None


def _dispatcher(models: object) -> Dispatcher | None:
    if isinstance(models, DeliveryQueue) and isinstance(models, WebhookStore):
        return Dispatcher.of_settings(models)
    return None
