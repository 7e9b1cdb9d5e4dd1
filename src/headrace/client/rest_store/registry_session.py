"""What the registry's calls share: who is calling goes along, and what only Headrace's servers have is asked for."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

import msgspec

from headrace.client.context import user_name
from headrace.client.rest_store.session import Session
from headrace.entities import Act
from headrace.errors import NotSupported
from headrace.wire.endpoint import Endpoint
from headrace.wire.messages.registry_extras import ModelName
from headrace.wire.table.registry_extras import GET_POLICY

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

USER_HEADER = "X-Headrace-User"
_UNVERIFIED = "unverified:"


def caller(act: Act) -> dict[str, str]:
    """Counts only where the server doesn't ask who is calling."""
    return {USER_HEADER: quote(act.who.removeprefix(_UNVERIFIED) or user_name(), safe="")}


class RegistrySession:
    _session: Session

    def _own(self, endpoint: Endpoint[Q, A], message: msgspec.Struct, what: str, act: Act | None = None) -> A:
        answer = self._session.call_own(endpoint, message, {} if act is None else caller(act))
        if answer is None:
            raise NotSupported(f"The server at {self._session.base} isn't Headrace's: it has no {what}.")
        return answer

    def _compares_revisions(self, name: str) -> None:
        """NotSupported from a server that would pass over `if_revision` and move what was to be compared first."""
        self._own(GET_POLICY, ModelName(name=name), "revisions of models")
