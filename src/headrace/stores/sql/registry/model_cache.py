"""Registered models that were read before, good for as long as their revision is what it was.

Every change of a model or of one of its versions is journalled and moves the revision in the same transaction, so a
look at the model's row tells whether a record still holds, whichever process wrote.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from headrace.entities import RegisteredModel

MOST = 4000  # models, some 6 MB


class ModelCache:
    """Thread safe. Forgets first what was used last the longest time ago."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.lock = threading.Lock()
        self.kept: OrderedDict[int, RegisteredModel] = OrderedDict()

    def find(self, revisions: Iterable[tuple[int, int]]) -> dict[int, RegisteredModel]:
        """By model, those that are of the given (model, revision); the caller's own."""
        found: dict[int, RegisteredModel] = {}
        with self.lock:
            for ref, revision in revisions:
                model = self.kept.get(ref)
                if model is not None and model.revision == revision:
                    self.kept.move_to_end(ref)
                    found[ref] = model
        return {ref: _copy(model) for ref, model in found.items()}

    def keep(self, models: Iterable[tuple[int, RegisteredModel]]) -> None:
        """As one snapshot had them."""
        with self.lock:
            for ref, model in models:
                self.kept.pop(ref, None)
                self.kept[ref] = _copy(model)
            while len(self.kept) > self.most:
                self.kept.popitem(last=False)


def _copy(model: RegisteredModel) -> RegisteredModel:
    """With collections of its own, which a caller may change."""
    latest = [msgspec.structs.replace(version, tags=dict(version.tags)) for version in model.latest_versions]
    return msgspec.structs.replace(model, tags=dict(model.tags), aliases=dict(model.aliases), latest_versions=latest)
