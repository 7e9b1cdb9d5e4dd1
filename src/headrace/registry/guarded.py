"""The registry that callers use: a store behind the rules that are more than storage.

- A version's source must be one that the caller may name (`sources`).
- A version gets the manifest of its files when it is made, and another one for an edit that is allowed (`manifests`).
- An alias, or one of the stages Staging and Production, moves to a version only if that passes what the model's policy
  asks (`gates`), as the model was when it moved: whatever changed meanwhile is looked at again.
- A signature is kept if it is of the version's present files, and proven by a key of the policy, where that has keys.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from headrace.entities import (
    Act,
    LoggedModelTag,
    ModelPolicy,
    ModelVersion,
    ModelVersionStage,
    ModelVersionTag,
    VersionManifest,
    VersionSignature,
)
from headrace.errors import Conflict, HeadraceError, InvalidState, InvalidValue
from headrace.registry import manifests
from headrace.registry import signatures as signatures_
from headrace.registry.files import VersionFiles
from headrace.registry.forwarding import ForwardingRegistry
from headrace.registry.gates import CheckResult, Evidence, check_gates, refuse
from headrace.registry.policy import check_policy
from headrace.registry.sources import Origin, Sources
from headrace.stores import registry_checks
from headrace.stores.base import TrackingStore
from headrace.stores.registry import NOBODY, RegistryStore

ATTEMPTS = 100  # to move an alias while the model changes again and again; a loser of each race waits for another
_ACTIVE = {stage.lower(): stage for stage in ModelVersionStage.ACTIVE}
VERSIONS_TAG = "mlflow.modelVersions"  # of a logged model: JSON list of {"name", "version"}

T = TypeVar("T")

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
        self._evidence = Evidence(registry=store, tracking=tracking, files=files)
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
            raise _no_manifest(name, version)
        registry_checks.same_manifest(name, int(version), present.digest, if_digest)  # before its files are looked at
        location = self.store.get_model_version_download_uri(name, version)
        manifests.check_amendment(self.files, location, present, manifest)
        return self.store.amend_version_manifest(name, version, manifest, act=act, if_digest=present.digest)

    def add_version_signature(self, name: str, version: str, signature: VersionSignature, *, act: Act = NOBODY) -> None:
        """What the bundle doesn't say itself is worked out anew."""
        manifest = self.store.get_version_manifest(name, version)
        if manifest is None:
            raise _no_manifest(name, version)
        found = signatures_.signature_of(signature.bundle, manifest)
        keys = self.store.get_policy(name).keys
        if keys:
            signatures_.verify(found, manifest, keys)
        self.store.add_version_signature(name, version, found, act=act)

    def set_policy(self, name: str, policy: ModelPolicy, *, act: Act = NOBODY) -> None:
        check_policy(policy)
        self.store.set_policy(name, policy, act=act)

    def set_registered_model_alias(
        self, name: str, alias: str, version: str, *, act: Act = NOBODY, if_revision: int | None = None
    ) -> None:
        """GateRefused names the checks that failed. Conflict if the model never stood still while they were made."""
        self._move(
            name,
            version,
            alias,
            False,
            if_revision,
            lambda revision: self.store.set_registered_model_alias(name, alias, version, act=act, if_revision=revision),
        )

    def transition_model_version_stage(
        self,
        name: str,
        version: str,
        stage: str,
        archive_existing_versions: bool = False,
        *,
        act: Act = NOBODY,
        if_revision: int | None = None,
    ) -> ModelVersion:
        """As with an alias, for the stages Staging and Production."""

        def move(revision: int | None) -> ModelVersion:
            return self.store.transition_model_version_stage(
                name, version, stage, archive_existing_versions, act=act, if_revision=revision
            )

        known = _ACTIVE.get(stage.lower())
        if known is None:
            return move(if_revision)
        return self._move(name, version, known, True, if_revision, move)

    def check_gates(self, name: str, target: str, version: str, *, stage: bool = False) -> list[CheckResult]:
        """What moving the alias, or with `stage` the stage, there would be checked for, and how that would end."""
        return check_gates(self.store, self.tracking, self.files, name, target, version, stage=stage)

    def _move(
        self,
        name: str,
        version: str,
        target: str,
        stage: bool,
        if_revision: int | None,
        move: Callable[[int | None], T],
    ) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            model = self.store.get_registered_model(name)  # before all that is looked at
            policy = self.store.get_policy(name)
            if policy.gates or policy.unsigned != "allowed":
                wanted = self.store.get_model_version(name, version)
                refuse(self._evidence.check(model, policy, target, wanted, stage=stage), wanted, target, stage=stage)
            try:
                return move(if_revision or model.revision or None)
            except Conflict:
                if if_revision is not None or attempt == ATTEMPTS:
                    raise
        raise AssertionError

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


def _no_manifest(name: str, version: str) -> InvalidState:
    return InvalidState(
        message=f"Version {version} of model {name!r} has no manifest: its files lie where this registry doesn't read "
        "them."
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
