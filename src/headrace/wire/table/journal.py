from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import journal as m

_ONE = "/api/1.0/headrace/journals/{writer_id}"

APPEND_JOURNAL = Endpoint(
    name="journals.append",
    methods=("POST",),
    path=f"{_ONE}/records",
    request=m.Writer,
    answer=m.JournalMarkAnswer,
    permission="write",
    upload=True,
    doc="Takes what a logging process wrote to its journal, each record once; answers how far the writer is taken in.",
)
JOURNAL_MARK = Endpoint(
    name="journals.mark",
    methods=("GET",),
    path=_ONE,
    request=m.Writer,
    answer=m.JournalMarkAnswer,
    permission="read",
    doc="The id of a writer's last record that is taken in; 0 for an unknown one.",
)

ENDPOINTS = (APPEND_JOURNAL, JOURNAL_MARK)
