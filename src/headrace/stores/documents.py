"""Runs as documents: params, tags and latest metrics as ready JSON, for a server that splices them into its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from headrace.entities import Page, Projection, RunInfo, RunInputs, RunOutputs, ViewType


class RunDocument(msgspec.Struct, frozen=True):
    """params, tags: [{"key": …, "value": …}]. metrics: [{"key": …, "value": …, "timestamp": …, "step": …}], one per
    key, NaN as the string "NaN" (infinities are never stored). All three are arrays, also when empty."""

    info: RunInfo
    metrics: msgspec.Raw
    params: msgspec.Raw
    tags: msgspec.Raw
    inputs: RunInputs
    outputs: RunOutputs


@runtime_checkable
class SupportsDocuments(Protocol):
    """Beside `get_run` and `search_runs`, with the same meaning and errors."""

    def get_run_document(self, run_id: str) -> RunDocument: ...

    def search_run_documents(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
        projection: Projection | None = None,
    ) -> Page[RunDocument]: ...
