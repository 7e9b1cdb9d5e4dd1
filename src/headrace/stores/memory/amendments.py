from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.entities import Metric, Page, ParamCorrection, Rewind, limits
from headrace.entities.journal import ParamCorrected, RunRewound
from headrace.stores import amendments, tokens
from headrace.stores.amendments import MAX_HIDDEN_POINTS, UNCUT_PREFIX, AmendmentStore
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import RunRow, Series, State


def cuts_before(row: RunRow, writer_id: str) -> list[Rewind]:
    """The rewinds that what the writer brings was logged before."""
    return amendments.cuts_after(row.rewinds, amendments.joined_ms(writer_id, row.joined.get(writer_id)))


def hide(row: RunRow, rewind_id: int, point: Metric) -> None:
    row.hidden.setdefault((rewind_id, point.key), Series()).add(point)


class MemoryAmendments(State, AmendmentStore):
    def rewind(self, writer_id: str, record: RunRewound) -> None:
        amendments.checked_rewind(record)
        with self.lock:
            row = self.active_run(record.run_id)
            last_step = amendments.last_step_cut(record, row.rewinds)
            self.last_rewind += 1
            made = Rewind(self.last_rewind, record.run_id, record.step, record.rewound_ms, record.who)
            row.rewinds = sorted([*row.rewinds, made], key=lambda each: (each.rewound_ms, each.rewind_id))
            row.joined[writer_id] = record.rewound_ms
            for key, series in list(row.series.items()):
                if not key.startswith(UNCUT_PREFIX):
                    for point in series.cut(record.step + 1, last_step):
                        hide(row, made.rewind_id, point)
                    if series.latest is None:
                        del row.series[key]
            self._cut_models(row, made, last_step)
            self.touch(row)

    def _cut_models(self, row: RunRow, made: Rewind, last_step: int) -> None:
        for model in self.models.values():
            for where, point in list(model.points.items()):
                uncut = point.run_id != row.info.run_id or point.key.startswith(UNCUT_PREFIX)
                if not uncut and made.step < point.step <= last_step:
                    row.hidden_of_models.setdefault(made.rewind_id, {})[where] = model.points.pop(where)

    def correct_param(self, record: ParamCorrected) -> None:
        amendments.checked_correction(record)
        with self.lock:
            row = self.active_run(record.run_id)
            old = row.params.get(record.key)
            if old is None:
                raise amendments.no_param(record.run_id, record.key)
            if old != record.value:
                row.params[record.key] = record.value
                row.corrections.append(
                    ParamCorrection(
                        record.run_id, record.key, old, record.value, record.corrected_ms, record.who, record.reason
                    )
                )
                self.touch(row)

    def list_rewinds(self, run_id: str) -> list[Rewind]:
        with self.lock:
            row = self.run(run_id)
            return [msgspec.structs.replace(each, points=_counts(row, each.rewind_id)) for each in row.rewinds]

    def hidden_points(
        self,
        run_id: str,
        key: str,
        rewind_id: int | None = None,
        max_results: int = MAX_HIDDEN_POINTS,
        page_token: str | None = None,
    ) -> Page[Metric]:
        limits.check_max_results(max_results, MAX_HIDDEN_POINTS)
        with self.lock:
            row = self.run(run_id)
            rewinds = amendments.chosen(row.rewinds, run_id, rewind_id)
            points = [
                (each.rewind_id, point)
                for each in rewinds
                if (each.rewind_id, key) in row.hidden
                for point in row.hidden[each.rewind_id, key].by_time()
            ]
            found = page(points, max_results, page_token, tokens.search_digest("hidden", run_id, key, rewind_id))
            shown = [each for hidden_by, point in found for each in _as_logged(row, hidden_by, point)]
        return Page(shown, found.token)

    def param_corrections(self, run_id: str) -> list[ParamCorrection]:
        with self.lock:
            return list(self.run(run_id).corrections)


def _counts(row: RunRow, rewind_id: int) -> dict[str, int]:
    return {
        key: len(series.points) for (hidden_by, key), series in sorted(row.hidden.items()) if hidden_by == rewind_id
    }


def _as_logged(row: RunRow, rewind_id: int, point: Metric) -> Sequence[Metric]:
    of_models = [
        msgspec.structs.replace(each, run_id=None)
        for each in row.hidden_of_models.get(rewind_id, {}).values()
        if amendments.same_point(each, point)
    ]
    return amendments.in_order(of_models) or [point]
