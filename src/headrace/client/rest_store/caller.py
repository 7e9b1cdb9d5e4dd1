from __future__ import annotations

from headrace.client.rest_store.session import Session
from headrace.wire.messages.fields import Nothing
from headrace.wire.table import service as table


class RestCaller:
    _session: Session

    def caller(self) -> str | None:
        """As whom the server authenticated us; None where it asks nobody, or isn't one of ours."""
        answer = self._session.call_own(table.WHO_AM_I, Nothing())
        return None if answer is None else answer.user
