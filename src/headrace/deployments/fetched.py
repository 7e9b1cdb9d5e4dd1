"""A model that is to go elsewhere: its folder on this machine, and what it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from headrace.client.open import registry_store
from headrace.client.registered import version_at
from headrace.client.resolve import resolve_model
from headrace.client.uri import get_registry_uri, get_tracking_uri
from headrace.packaging.mlmodel import FILE_NAME, Model
from headrace.packaging.trust import Origin
from headrace.stores.model_uris import is_models_uri, parse

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """name, version: of the registered model; "" for a model that isn't registered."""

    path: Path
    origin: Origin
    model: Model
    name: str = ""
    version: str = ""

    @property
    def is_llm(self) -> bool:
        return str((self.model.metadata or {}).get("task", "")).startswith("llm/")


def fetch(model_uri: str) -> Fetched:
    """An alias or stage is looked up once: what is shipped is one version."""
    uri, name, version = model_uri, "", ""
    address = parse(model_uri) if is_models_uri(model_uri) else None
    if address is not None and not address.model_id and not address.path:
        found = version_at(address, registry_store(get_registry_uri(), get_tracking_uri()))
        name, version = found.name, str(found.version)
        uri = f"models:/{name}/{version}"
    resolved = resolve_model(uri)
    folder = resolved.path.parent if resolved.path.name == FILE_NAME else resolved.path
    return Fetched(path=folder.absolute(), origin=resolved.origin, model=Model.load(folder), name=name, version=version)


def lasting(model_uri: str) -> str:
    """The address, as it is understood from any folder of this machine."""
    path = Path(model_uri).expanduser()
    return str(path.absolute()) if path.exists() else model_uri


def slug(text: str, most: int = 63) -> str:
    """The text as clusters and clouds want names: lower-case letters, digits and -."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-")[:most].strip("-") or "model"
