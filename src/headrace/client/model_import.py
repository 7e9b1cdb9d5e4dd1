"""A bundle as a registered model: numbers, aliases, stages and the journal as they were; files as logged models here.

The model carries a tag while it is imported. An import that broke off goes on where it stopped when it is run again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from headrace.blobs.paths import scheme
from headrace.client.acts import act
from headrace.client.model_export import PROMPT_TAG
from headrace.client.open import registry_store, tracking_store
from headrace.client.temporary import remove, temporary_folder
from headrace.client.version_copy import COPIED_FROM, logged_copy
from headrace.entities import (
    Act,
    ModelPolicy,
    ModelVersion,
    ModelVersionStage,
    ModelVersionTag,
    RegisteredModelTag,
    VersionManifest,
)
from headrace.errors import AlreadyExists, Forbidden, InvalidState, NotFound, NotSupported, RouteNotFound
from headrace.registry.bundle import Bundle, BundledVersion, open_bundle
from headrace.registry.manifests import LEFT_OUT
from headrace.stores.registry import RegistryStore

IMPORTING = "headrace.importing"
COPIED_FROM_RUN = "headrace.copiedFromRun"

OnVersion = Callable[[BundledVersion], None]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """missing: what was left out, and why."""

    name: str
    versions: int
    missing: list[str]


def import_model(
    source: Path,
    registry_uri: str,
    tracking_uri: str,
    *,
    name: str | None = None,
    history: bool = True,
    comment: str | None = None,
    on_version: OnVersion = lambda _: None,
) -> Imported:
    """The whole bundle is looked at before anything is written. AlreadyExists if a model of that name is there."""
    with open_bundle(source) as bundle:
        bundle.verify()
        name = name or bundle.model.name
        if scheme(registry_uri) in ("http", "https"):
            tracking_uri = registry_uri  # a server looks for logged models in its own store
        registry = registry_store(registry_uri, tracking_uri)
        doing = act(comment or f"Imported from {bundle.model.exported_from}.")
        _begin(registry, bundle, name, doing)
        work = _Import(bundle, registry, tracking_uri, name, doing)
        if history:
            work.take_history()
        for version in bundle.model.versions:
            work.take(version)
            on_version(version)
        work.finish()
        return Imported(name=name, versions=len(bundle.model.versions), missing=work.missing)


def _begin(registry: RegistryStore, bundle: Bundle, name: str, doing: Act) -> None:
    model = bundle.model
    tags = [RegisteredModelTag(key, value) for key, value in model.tags.items() if key != IMPORTING]
    try:
        registry.create_registered_model(
            name, [*tags, RegisteredModelTag(IMPORTING, bundle.digest)], model.description, act=doing
        )
    except AlreadyExists:
        if registry.get_registered_model(name).tags.get(IMPORTING) != bundle.digest:
            raise AlreadyExists("registered model", name, hint="Import the bundle under another name.") from None


class _Import:
    def __init__(self, bundle: Bundle, registry: RegistryStore, tracking_uri: str, name: str, doing: Act) -> None:
        self.bundle, self.registry, self.tracking_uri, self.name, self.doing = (
            bundle,
            registry,
            tracking_uri,
            name,
            doing,
        )
        self.missing: list[str] = []

    def take_history(self) -> None:
        events = self.bundle.history()
        if not events:
            return
        try:
            if not self.registry.search_history(self.name, kinds=["imported"], max_results=1):
                self.registry.import_history(self.name, events, act=self.doing)
        except (NotSupported, RouteNotFound):
            self.missing.append("history: the server there keeps none")

    def take(self, version: BundledVersion) -> None:
        """Numbers that were deleted there are given and deleted here, too, so that all others are what they were."""
        if self._is_there(version):
            return
        source, model_id = self._files(version)
        while True:
            made = self._create(version, source, model_id)
            if int(made.version) == version.number:
                return
            self._give_up(made)
            if int(made.version) > version.number:
                raise InvalidState(
                    message=f"Model {self.name!r} got versions meanwhile that aren't the bundle's: number "
                    f"{version.number} is taken. Delete the model, or import the bundle under another name."
                )

    def finish(self) -> None:
        model = self.bundle.model
        self._pass_over_numbers()
        for version in model.versions:
            if version.current_stage in (ModelVersionStage.NONE, ""):
                continue
            present = self.registry.get_model_version(self.name, version.version)
            if present.current_stage != version.current_stage:
                self.registry.transition_model_version_stage(
                    self.name, version.version, version.current_stage, act=self.doing
                )
        there = self.registry.get_registered_model(self.name)
        for alias, number in model.aliases.items():
            if there.aliases.get(alias) != number:
                self.registry.set_registered_model_alias(self.name, alias, number, act=self.doing)
        self._take_policy(model.policy)
        self.registry.delete_registered_model_tag(self.name, IMPORTING, act=self.doing)

    def _is_there(self, version: BundledVersion) -> bool:
        with suppress(NotFound):
            present = self.registry.get_model_version(self.name, version.version)
            return present.tags.get(COPIED_FROM) == self._address(version)
        return False

    def _files(self, version: BundledVersion) -> tuple[str, str | None]:
        """(source, logged model)."""
        if version.files is None:
            return version.source, None
        folder = temporary_folder()
        try:
            self.bundle.extract(version, folder / "files")
            logged = logged_copy(folder / "files", self.tracking_uri, self._address(version))
        finally:
            remove(folder)
        return logged.model_uri, logged.model_id

    def _create(self, version: BundledVersion, source: str, model_id: str | None) -> ModelVersion:
        run_id = version.run_id if version.run_id and self._knows_run(version.run_id) else None
        tags = {**version.tags, COPIED_FROM: self._address(version)}
        if version.run_id and not run_id:
            tags[COPIED_FROM_RUN] = version.run_id
        return self.registry.create_model_version(
            self.name,
            source,
            run_id,
            [ModelVersionTag(key, value) for key, value in tags.items()],
            version.run_link,
            version.description,
            model_id,
            manifest=version.manifest or _manifest(version),
            signatures=version.signatures,
            user_id=version.user_id,
            act=self.doing,
        )

    def _knows_run(self, run_id: str) -> bool:
        try:
            tracking_store(self.tracking_uri).get_run(run_id)
        except NotFound:
            return False
        return True

    def _give_up(self, made: ModelVersion) -> None:
        reason = "Stands for a version that was deleted before the model was exported."
        self.registry.delete_model_version(self.name, made.version, act=Act(self.doing.who, reason))

    def _pass_over_numbers(self) -> None:
        """Those that were deleted after the last version that is left."""
        model = self.bundle.model
        if not model.versions or model.last_version <= model.versions[-1].number:
            return
        last = model.versions[-1]
        prompt = last.tags.get(PROMPT_TAG) == "true"
        source = last.source if prompt else f"models:/{self.name}/{last.version}"
        number = last.number
        while number < model.last_version:
            tags = [ModelVersionTag(PROMPT_TAG, "true")] if prompt else []
            made = self.registry.create_model_version(self.name, source, tags=tags, act=self.doing)
            self._give_up(made)
            number = int(made.version)

    def _take_policy(self, policy: ModelPolicy | None) -> None:
        if policy is None or policy == ModelPolicy():
            return
        try:
            self.registry.set_policy(self.name, policy, act=self.doing)
        except (NotSupported, RouteNotFound):
            self.missing.append("policy: the server there keeps none")
        except Forbidden:
            self.missing.append("policy: only an admin of the server may set it")

    def _address(self, version: BundledVersion) -> str:
        return f"models:/{self.bundle.model.name}/{version.version}"


def _manifest(version: BundledVersion) -> VersionManifest | None:
    """What the registry is to find, where the one that it came from kept none."""
    if version.files is None:
        return None
    return VersionManifest(files={path: each for path, each in version.files.items() if path not in LEFT_OUT})
