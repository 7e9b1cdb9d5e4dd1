"""The registry that callers use: a store behind the rules that are more than storage.

- A version's source must be one that the caller may name (`sources`).
- A version gets the manifest of its files when it is made, and another one for an edit that is allowed (`manifests`).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence

from headrace.entities import Act, LoggedModelTag, ModelVersion, ModelVersionTag, VersionManifest, VersionSignature
from headrace.errors import HeadraceError, InvalidState, InvalidValue
from headrace.registry import manifests
from headrace.registry.files import VersionFiles
from headrace.registry.forwarding import ForwardingRegistry
from headrace.registry.sources import Origin, Sources
from headrace.stores.base import TrackingStore
from headrace.stores.registry import NOBODY, RegistryStore

VERSIONS_TAG = "mlflow.modelVersions"  # of a logged model: JSON list of {"name", "version"}

logger = logging.getLogger("headrace.registry")


class GuardedRegistry(ForwardingRegistry):
    """tracking: where runs and logged models are. own_files: whoever calls is the owner of this machine's files, so
    that any local path may be a source; a server must leave it False."""

    def __init__(
        self, store: RegistryStore, tracking: TrackingStore, files: VersionFiles, *, own_files: bool = False
    ) -> None:
        super().__init__(store)
        self.tracking, self.files, self.own_files = tracking, files, own_files
        self._sources = Sources(registry=store, tracking=tracking, files=files, own_files=own_files)
        self._tagging = threading.Lock()

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Sequence[ModelVersionTag] = (),
        run_link: str | None = None,
        description: str | None = None,
        model_id: str | None = None,
        *,
        storage_location: str | None = None,
        manifest: VersionManifest | None = None,
        signatures: Sequence[VersionSignature] = (),
        user_id: str | None = None,
        act: Act = NOBODY,
    ) -> ModelVersion:
        """storage_location: only with own files; the source is taken as it is then. manifest: what the files must be;
        InvalidValue if they aren't. signatures: those of other contents are dropped."""
        if storage_location is None:
            origin = self._sources.resolve(source, run_id or None, model_id or None, tags)
        elif self.own_files:
            origin = Origin(location=storage_location, run_id=run_id, model_id=model_id)
        else:
            raise InvalidValue("storage_location", storage_location, "the server finds it by the source.")
        if origin.copied is None:
            taken = manifests.take(self.files, origin, self.tracking, own_files=self.own_files)
            if manifest is not None and taken is not None:
                _refuse_other_files(taken, manifest)
        else:
            copied = origin.copied
            taken = self.store.get_version_manifest(copied.name, copied.version)
            signatures = self.store.get_version_signatures(copied.name, copied.version)
        digest = None if taken is None else taken.digest
        made = self.store.create_model_version(
            name,
            source,
            origin.run_id,
            tags,
            run_link,
            description,
            origin.model_id,
            storage_location=origin.location if origin.location not in ("", source) else None,
            manifest=taken,
            signatures=[each for each in signatures if each.digest == digest],
            user_id=user_id,
            act=act,
        )
        if origin.model_id:
            self._tell_model(origin.model_id, made)
        return made

    def amend_version_manifest(
        self, name: str, version: str, manifest: VersionManifest, *, act: Act = NOBODY, if_digest: str | None = None
    ) -> ModelVersion:
        """Only metadata files may differ from the present manifest, and must be there as `manifest` says."""
        present = self.store.get_version_manifest(name, version)
        if present is None:
            raise InvalidState(
                message=f"Version {version} of model {name!r} has no manifest: its files lie where this registry "
                "doesn't read them."
            )
        location = self.store.get_model_version_download_uri(name, version)
        manifests.check_amendment(self.files, location, present, manifest)
        return self.store.amend_version_manifest(
            name, version, manifest, act=act, if_digest=present.digest if if_digest is None else if_digest
        )

    def _tell_model(self, model_id: str, version: ModelVersion) -> None:
        """Names the version in the logged model's tag. The version stands already, so that it can't fail."""
        try:
            with self._tagging:
                text = self.tracking.get_logged_model(model_id).tags.get(VERSIONS_TAG, "[]")
                named = [*_versions_in(text), {"name": version.name, "version": version.version}]
                self.tracking.set_logged_model_tags(model_id, [LoggedModelTag(VERSIONS_TAG, json.dumps(named))])
        except HeadraceError as error:
            logger.warning(
                "logged model %s doesn't name version %s of %r in its tag %s: %s",
                model_id,
                version.version,
                version.name,
                VERSIONS_TAG,
                error.message,
            )


def _versions_in(text: str) -> list[object]:
    """What clients put into the tag is theirs; what isn't a list is lost."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _refuse_other_files(taken: VersionManifest, expected: VersionManifest) -> None:
    sizes = {name: record.size_bytes for name, record in taken.files.items()}
    same = {name: record for name, record in taken.files.items() if expected.files.get(name, record) != record}
    faults = manifests.compare(sizes, expected) + [
        f"{name} has changed" for name, record in same.items() if record.size_bytes == expected.files[name].size_bytes
    ]
    if faults:
        raise InvalidValue("manifest", taken.digest, f"the files aren't those that were expected: {'; '.join(faults)}.")
