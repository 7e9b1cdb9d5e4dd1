"""A version of a registered model that an address named: where its files lie, and which registry says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from headrace.blobs.base import BlobStore
from headrace.blobs.paths import join, relative, scheme
from headrace.client.artifact_roots import files_at, model_root, run_root
from headrace.client.open import registry_store
from headrace.entities import ModelVersion, VersionManifest
from headrace.errors import Corrupt, NotFound, NotSupported, RouteNotFound
from headrace.query import is_prompt
from headrace.stores.model_uris import ModelAddress, is_models_uri, parse, version_of
from headrace.stores.registry import RegistryStore

_HOPS = 10  # from version to version, where a server answers with the address of another one


@dataclass(frozen=True, kw_only=True)
class Registered:
    """blobs, folder: where its files lie."""

    version: ModelVersion
    registry: RegistryStore
    registry_uri: str
    tracking_uri: str
    location: str
    blobs: BlobStore
    folder: str = ""

    @cached_property
    def manifest(self) -> VersionManifest | None:
        """None where the registry has none, as that of a server of MLflow's."""
        try:
            return self.registry.get_version_manifest(self.version.name, self.version.version)
        except (NotSupported, RouteNotFound):
            return None

    @property
    def uri(self) -> str:
        return f"models:/{self.version.name}/{self.version.version}"

    def gone(self) -> NotFound:
        return NotFound(
            "files of a model version",
            self.uri,
            by="address",
            hint=f"They should lie in {self.location}; `headrace doctor` finds all such versions.",
        )


def version_at(address: ModelAddress, registry: RegistryStore) -> ModelVersion:
    """Of a model: prompts are kept as models without files, and MLflow doesn't find them by models:/ either."""
    found = version_of(address, registry)
    if is_prompt(found.tags):
        raise NotFound("model version", address.uri, by="address", hint=f"{found.name!r} is a prompt.")
    return found


def registered(address: ModelAddress, tracking_uri: str, registry_uri: str) -> Registered:
    registry = registry_store(registry_uri, tracking_uri)
    return of_version(version_at(address, registry), tracking_uri, registry_uri)


def of_version(version: ModelVersion, tracking_uri: str, registry_uri: str) -> Registered:
    registry = registry_store(registry_uri, tracking_uri)
    location = registry.get_model_version_download_uri(version.name, version.version)
    blobs, folder = _files(location, tracking_uri, registry_uri, _HOPS)
    return Registered(
        version=version,
        registry=registry,
        registry_uri=registry_uri,
        tracking_uri=tracking_uri,
        location=location,
        blobs=blobs,
        folder=folder,
    )


def _files(location: str, tracking_uri: str, registry_uri: str, hops: int) -> tuple[BlobStore, str]:
    """MLflow's servers may answer with an address of a run or a model."""
    kind = scheme(location)
    if kind == "runs":
        run_id, _, path = location.partition(":")[2].lstrip("/").partition("/")
        return run_root(run_id, tracking_uri), relative(path)
    if is_models_uri(location):
        address = parse(location)
        if address.model_id:
            return model_root(address.model_id, tracking_uri), relative(address.path)
        if not hops:
            raise Corrupt(f"The registry's versions lead from one to another without end, lastly to {location!r}.")
        registry = registry_store(registry_uri, tracking_uri)
        version = version_at(address, registry)
        further = registry.get_model_version_download_uri(version.name, version.version)
        blobs, folder = _files(further, tracking_uri, registry_uri, hops - 1)
        return blobs, join(folder, relative(address.path))
    blobs = files_at(location, tracking_uri)
    if kind == "mlflow-artifacts" and registry_uri != tracking_uri and not blobs.entries(""):
        elsewhere = files_at(location, registry_uri)
        if elsewhere.entries(""):
            return elsewhere, ""
    return blobs, ""
