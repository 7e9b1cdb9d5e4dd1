"""Files of versions, as whoever holds them for others passes them on: a server knows them by its own addresses, and
its callers needn't say that a version is what they read.

- A file that leaves must be what the manifest of a version that lies there says; several versions may share a place,
  and each of them counts. What no manifest lists isn't held against anything.
- MLflow's functions that edit a finished model (`set_signature`, `update_model_requirements`) write its metadata files
  and tell nobody: every version that lies there gets the manifest of what it is now, and its history an entry.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headrace.entities import Act, FileRecord, ModelVersion
from headrace.errors import Conflict, Corrupt, NotFound
from headrace.packaging.manifest import METADATA_FILES
from headrace.registry.manifests import amended
from headrace.stores.registry import RegistryStore, SupportsLocations

KEPT_MANIFESTS = 128  # a file of a large model costs no reading of all its manifest
ATTEMPTS = 10  # to amend a version that others amend, too

Places = Mapping[str, str]  # address of a folder that could be a version's → a file's path below it


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a file must be: one of `records`. path: as the manifest has it. owner: whose it is, in words."""

    path: str
    owner: str
    records: frozenset[FileRecord]

    def check(self, found: FileRecord) -> None:
        """Corrupt if it is something else."""
        if found not in self.records:
            self.refuse(f"its SHA-256 is {found.sha256}")

    def check_size(self, size_bytes: int) -> None:
        if all(record.size_bytes != size_bytes for record in self.records):
            self.refuse(f"it has {size_bytes} bytes")

    def refuse(self, found: str) -> None:
        expected = " or ".join(sorted(f"{each.size_bytes} bytes, {each.sha256}" for each in self.records))
        raise Corrupt(
            f"{self.path!r} isn't what {self.owner} was registered with: {found}; registered: {expected}. "
            "`headrace models verify` compares all its files; they must come back, or the model be registered anew.",
            "RESOURCE_CONFLICT",  # MLflow's client asks again for minutes where it is answered 500
        )


class HeldFiles:
    """Thread safe. registry: with its rules; locations: the store behind it."""

    def __init__(self, registry: RegistryStore, locations: SupportsLocations) -> None:
        self._registry, self._locations = registry, locations
        self._manifests: OrderedDict[str, Mapping[str, FileRecord]] = OrderedDict()
        self._lock = threading.Lock()

    def promise(self, places: Places) -> Promise | None:
        """None for a file that no version's manifest lists."""
        owners: list[tuple[ModelVersion, str, FileRecord]] = []
        for version, path in self._versions(places):
            record = self._files_of(version).get(path)
            if record is not None:
                owners.append((version, path, record))
        if not owners:
            return None
        version, path, _ = owners[-1]
        return Promise(path=path, owner=_named(version), records=frozenset(record for _, _, record in owners))

    def any_at(self, places: Places) -> bool:
        """Whether a version lies at one of them: if not, none of their files is promised."""
        return next(self._versions(places), None) is not None

    def promise_of(self, name: str, version: str, path: str) -> Promise | None:
        """As `promise`, of one version only."""
        found = self._registry.get_model_version(name, version)
        record = self._files_of(found).get(path)
        return None if record is None else Promise(path=path, owner=_named(found), records=frozenset([record]))

    def edited(self, places: Places, record: FileRecord, act: Act) -> None:
        """After a file was written: amends the versions of which it is a metadata file."""
        places = {address: path for address, path in places.items() if path in METADATA_FILES}
        for version, path in self._versions(places):
            self._amend(version, path, record, act)

    def _versions(self, places: Places) -> Iterator[tuple[ModelVersion, str]]:
        if places:
            for address, versions in self._locations.versions_at(places.keys()).items():
                yield from ((version, places[address]) for version in versions if version.digest is not None)

    def _files_of(self, version: ModelVersion) -> Mapping[str, FileRecord]:
        if version.digest is None:
            return {}
        with self._lock:
            known = self._manifests.get(version.digest)
            if known is not None:
                self._manifests.move_to_end(version.digest)
                return known
        manifest = self._registry.get_version_manifest(version.name, version.version)
        if manifest is None:
            return {}
        with self._lock:
            self._manifests[manifest.digest] = manifest.files
            if len(self._manifests) > KEPT_MANIFESTS:
                self._manifests.popitem(last=False)
        return manifest.files

    def _amend(self, version: ModelVersion, path: str, record: FileRecord, act: Act) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                present = self._registry.get_version_manifest(version.name, version.version)
                if present is None or present.files.get(path) == record:
                    return
                self._registry.amend_version_manifest(
                    version.name, version.version, amended(present, {path: record}), act=act, if_digest=present.digest
                )
                return
            except NotFound:  # it was deleted meanwhile
                return
            except Conflict:
                if attempt == ATTEMPTS:
                    raise


def _named(version: ModelVersion) -> str:
    return f"version {version.version} of model {version.name!r}"
