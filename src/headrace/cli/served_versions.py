"""Versions of a served model that lie in a store, a registry or anywhere else that the client reaches."""

from __future__ import annotations

import logging

from headrace.cli.served_models import label_of
from headrace.client import temporary
from headrace.client.open import registry_store
from headrace.client.registered import version_at
from headrace.client.resolve import resolve_model
from headrace.client.uri import get_registry_uri, get_tracking_uri
from headrace.errors import HeadraceError
from headrace.serving.source import FixedSource, ModelSource, Revision
from headrace.stores.model_uris import ModelAddress, is_models_uri, parse

logger = logging.getLogger("headrace.serving")


def stored_source(uri: str, *, follow: bool) -> ModelSource:
    address = parse(uri) if is_models_uri(uri) else None
    if address is None or address.model_id or address.path:
        return FixedSource(_revision(uri, None))
    source = RegistrySource(address)
    return source if follow and not address.version else FixedSource(source.now())


class RegistrySource:
    """A registered model's version, as its address names it at the moment."""

    def __init__(self, address: ModelAddress) -> None:
        self._address = address
        self._silent = False

    @property
    def uri(self) -> str:
        return self._address.uri

    @property
    def moves(self) -> bool:
        return True

    def now(self) -> Revision:
        return _revision(self.uri, self._version(), name=self._address.name)

    def change(self, known: Revision) -> Revision | None:
        try:
            version = self._version()
        except HeadraceError as error:
            if not self._silent:
                logger.warning("%s can't be looked up; what is served goes on: %s", self.uri, error.message)
            self._silent = True
            return None
        self._silent = False
        return None if version == known.label else _revision(self.uri, version, name=self._address.name)

    def done_with(self, revision: Revision) -> None:
        temporary.remove_around(revision.path)

    def _version(self) -> str:
        tracking_uri = get_tracking_uri()
        return str(version_at(self._address, registry_store(get_registry_uri(), tracking_uri)).version)


def _revision(uri: str, version: str | None, *, name: str = "") -> Revision:
    resolved = resolve_model(uri if version is None else f"models:/{name}/{version}")
    return Revision(
        label=version or label_of(resolved.path), uri=uri, path=resolved.path.absolute(), origin=resolved.origin
    )
