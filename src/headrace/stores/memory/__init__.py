"""The reference implementation of the store contracts: plain dictionaries behind one lock, searched by `evaluate`.

For tests and for reading: what a store should answer is what this one answers. Nothing survives the process.
"""

from __future__ import annotations

from headrace.stores.base import TrackingStore
from headrace.stores.memory.access import MemoryAccess
from headrace.stores.memory.experiments import MemoryExperiments
from headrace.stores.memory.journal import MemoryJournal
from headrace.stores.memory.leases import MemoryLeases
from headrace.stores.memory.live import MemoryLive
from headrace.stores.memory.logged_models import MemoryLoggedModels
from headrace.stores.memory.manifest import MemoryManifest
from headrace.stores.memory.metrics import MemoryMetrics
from headrace.stores.memory.model_versions import MemoryModelVersions
from headrace.stores.memory.registry_history import MemoryRegistryHistory
from headrace.stores.memory.runs import MemoryRuns
from headrace.stores.memory.webhooks import MemoryWebhooks
from headrace.stores.registry import RegistryStore

__all__ = ["MemoryStore"]


class MemoryStore(
    MemoryJournal,
    MemoryExperiments,
    MemoryRuns,
    MemoryMetrics,
    MemoryLoggedModels,
    MemoryLive,
    MemoryLeases,
    MemoryManifest,
    MemoryAccess,
    MemoryWebhooks,
    MemoryModelVersions,
    MemoryRegistryHistory,
    RegistryStore,
    TrackingStore,
):
    """artifact_root: path or URI below which experiments without a location of their own keep their files."""

    def __init__(self, artifact_root: str) -> None:
        super().__init__(artifact_root)
        self.create_experiment("Default")

    def close(self) -> None:
        pass
