from __future__ import annotations

from headrace.entities import ManifestEntry
from headrace.stores.base import ManifestStore
from headrace.stores.memory.state import State


class MemoryManifest(State, ManifestStore):
    def record_artifact(self, entry: ManifestEntry) -> None:
        with self.lock:
            self.manifest[entry.root, entry.path] = entry

    def forget_artifacts(self, root: str, path: str = "") -> None:
        with self.lock:
            for entry in self.list_manifest(root, path):
                del self.manifest[root, entry.path]

    def list_manifest(self, root: str, path: str = "") -> list[ManifestEntry]:
        with self.lock:
            entries = [entry for entry in self.manifest.values() if entry.root == root]
        below = f"{path}/" if path else ""
        return sorted(
            (entry for entry in entries if entry.path == path or entry.path.startswith(below)),
            key=lambda entry: entry.path,
        )
