from __future__ import annotations

from headrace.entities import KeyKind
from headrace.wire.messages.fields import Answer, Double, Ids, Int64, Request, ViewTypeName


class ListChanges(Request, kw_only=True):
    """since: the cursor of the answer before; unset = from now on."""

    since: str | None = None
    experiment_ids: Ids = []
    max_results: Int64 = 1000


class RunChangeMessage(Answer, kw_only=True):
    """rewinds: how often the run went on from an earlier step."""

    run_id: str
    experiment_id: str
    rewinds: int = 0


class ChangesAnswer(Answer, kw_only=True):
    cursor: str
    runs: list[RunChangeMessage] = []
    more: bool = False


class StreamChanges(Request, kw_only=True):
    """since: the cursor of the last event, where no Last-Event-ID tells it; unset = from now on."""

    since: str | None = None
    experiment_ids: Ids = []


class ListRunKeys(Request, kw_only=True):
    """contains: text that a key must hold, whatever the case of its ASCII letters."""

    experiment_ids: Ids = []
    kind: KeyKind
    contains: str = ""
    max_results: Int64 = 1000
    page_token: str | None = None


class RunKeysAnswer(Answer, kw_only=True):
    keys: list[str] = []
    next_page_token: str | None = None


class AggregateRuns(Request, kw_only=True):
    """group_by: "params.KEY" or "tags.KEY"; metrics: keys whose latest values are summed up."""

    experiment_ids: Ids = []
    group_by: list[str]
    metrics: list[str] = []
    filter: str | None = None
    run_view_type: ViewTypeName | None = None
    max_results: Int64 = 1000


class MetricSummaryMessage(Answer, kw_only=True):
    count: int
    minimum: Double | None = None
    maximum: Double | None = None
    mean: Double | None = None


class RunGroupMessage(Answer, kw_only=True):
    values: list[str | None]
    run_count: int
    metrics: dict[str, MetricSummaryMessage] = {}


class AggregateRunsAnswer(Answer, kw_only=True):
    groups: list[RunGroupMessage] = []
