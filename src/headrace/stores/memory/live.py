from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from headrace.entities import (
    Changes,
    KeyKind,
    MetricSummary,
    Page,
    Run,
    RunChange,
    RunGroup,
    ViewType,
    limits,
)
from headrace.errors import InvalidValue
from headrace.query import RUNS, evaluate, parse_filter
from headrace.stores import checks, run_keys
from headrace.stores.base import LiveView
from headrace.stores.memory.state import RunRow, State


class MemoryLive(State, LiveView):
    def changes(self, since: str | None = None, experiment_ids: Sequence[str] = (), max_results: int = 1000) -> Changes:
        limits.check_max_results(max_results)
        numbers = {checks.experiment_number(each) for each in experiment_ids}
        with self.lock:
            if since is None:
                return Changes(str(self.version), [])
            after = _version(since)
            rows = [
                row
                for row in self.runs.values()
                if row.changed > after and (not numbers or int(row.info.experiment_id) in numbers)
            ]
            newest = self.version
        rows.sort(key=lambda row: row.changed)
        told = rows[:max_results]
        more = len(rows) > len(told)
        cursor = str(told[-1].changed if more else newest)
        changed = [RunChange(row.info.run_id, row.info.experiment_id, row.changed, len(row.rewinds)) for row in told]
        return Changes(cursor, changed, more)

    def aggregate_runs(
        self,
        experiment_ids: Sequence[str],
        group_by: Sequence[str],
        metrics: Sequence[str] = (),
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
    ) -> list[RunGroup]:
        limits.check_max_results(max_results)
        rule, keys = parse_filter(filter_string, RUNS), checks.group_keys(group_by)
        numbers = [checks.experiment_number(each) for each in experiment_ids]
        with self.lock:
            runs = [self.record(row) for row in self.runs_of(numbers) if view_type.sees(row.info.lifecycle_stage)]
        groups: dict[tuple[str | None, ...], list[Run]] = {}
        for run in runs:
            if evaluate(rule, run):
                groups.setdefault(tuple(_group_value(run, *key) for key in keys), []).append(run)
        largest_first = sorted(
            groups.items(), key=lambda group: (-len(group[1]), [(value is None, value or "") for value in group[0]])
        )
        return [
            RunGroup(list(values), len(members), _summaries(members, metrics))
            for values, members in largest_first[:max_results]
        ]

    def run_keys(
        self,
        experiment_ids: Sequence[str],
        kind: KeyKind,
        contains: str = "",
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> Page[str]:
        asked = run_keys.Asked.of(experiment_ids, kind, contains, max_results, page_token)
        with self.lock:
            found = {key for row in self.runs_of(asked.experiments) for key in _keys(row, kind)}
        return asked.page(found)


def _keys(row: RunRow, kind: KeyKind) -> Iterable[str]:
    return row.series if kind == "metrics" else row.params if kind == "params" else row.tags


def _version(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise InvalidValue("since", cursor, "it is no cursor that this call returned.")
    return int(cursor)


def _group_value(run: Run, entity: str, key: str) -> str | None:
    return (run.data.params if entity == "param" else run.data.tags).get(key)


def _summaries(runs: Sequence[Run], keys: Sequence[str]) -> dict[str, MetricSummary]:
    found: dict[str, MetricSummary] = {}
    for key in keys:
        values = [run.data.metrics[key] for run in runs if key in run.data.metrics]
        numbers = [value for value in values if not math.isnan(value)]
        if numbers:
            found[key] = MetricSummary(len(values), min(numbers), max(numbers), _mean(numbers))
        elif values:
            found[key] = MetricSummary(len(values), None, None, None)
    return found


def _mean(numbers: Sequence[float]) -> float:
    """Exact but for the last rounding: a sum of the largest doubles is no double."""
    return float(sum(map(Fraction, numbers)) / len(numbers))
