"""The registry that callers use: a store behind the rules that are more than storage.

- A version's source must be one that the caller may name (`sources`).
- A version gets the manifest of its files when it is made (`manifests`).
"""

from __future__ import annotations

from headrace.registry.files import VersionFiles
from headrace.registry.forwarding import ForwardingRegistry
from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore


class GuardedRegistry(ForwardingRegistry):
    """tracking: where runs and logged models are. own_files: whoever calls is the owner of this machine's files, so
    that any local path may be a source; a server must leave it False."""

    def __init__(
        self, store: RegistryStore, tracking: TrackingStore, files: VersionFiles, *, own_files: bool = False
    ) -> None:
        super().__init__(store)
        self.tracking, self.files, self.own_files = tracking, files, own_files
