"""Where versions of a served model come from."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from headrace.packaging.trust import Origin


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One model folder that may be served. label: what tells it from the others of its name, in metrics and headers:
    the version's number, else the model's id or a piece of its digest. uri: what was asked for. path: on this
    machine."""

    label: str
    uri: str
    path: Path
    origin: Origin


class ModelSource(Protocol):
    """Blocking; called from a thread. Raises what fetching raises."""

    @property
    def uri(self) -> str: ...

    def now(self) -> Revision: ...

    @property
    def moves(self) -> bool:
        """Whether there may ever be another version."""
        ...

    def change(self, known: Revision) -> Revision | None:
        """One look: another version that is to take its place, None if there is none. A registry that can't be reached
        is no change: what is served goes on."""
        ...

    def done_with(self, revision: Revision) -> None:
        """Nothing reads its files any more: what was fetched for it may go."""
        ...


class FixedSource:
    """A folder that stays what it is."""

    def __init__(self, revision: Revision) -> None:
        self._revision = revision

    @property
    def uri(self) -> str:
        return self._revision.uri

    def now(self) -> Revision:
        return self._revision

    @property
    def moves(self) -> bool:
        return False

    def change(self, known: Revision) -> Revision | None:  # noqa: ARG002
        return None

    def done_with(self, revision: Revision) -> None:
        pass
