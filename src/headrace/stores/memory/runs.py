from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import (
    DatasetInput,
    DatasetSummary,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Page,
    Param,
    Projection,
    Rewind,
    Run,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    RunTag,
    ViewType,
    limits,
)
from headrace.errors import IntegrityViolation, InvalidValue, NotFound, shown
from headrace.query import RUNS, evaluate, ordered, parse_filter, parse_order
from headrace.query.dialects import RUN_NAME_TAG
from headrace.query.records import DATASET_CONTEXT_TAG
from headrace.stores import amendments, checks, locations, tokens
from headrace.stores.base import RunStore
from headrace.stores.leases import LOST_TAG
from headrace.stores.memory.amendments import cuts_before, hide
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import ACTIVE, DELETED, RunRow, Series, State, model_point

MODEL_HISTORY_TAG = "mlflow.log-model.history"


class MemoryRuns(State, RunStore):
    def create_run(
        self,
        experiment_id: str,
        user_id: str = "",
        start_time: int = 0,
        tags: Sequence[RunTag] = (),
        run_name: str | None = None,
        run_id: str | None = None,
    ) -> Run:
        number = checks.experiment_number(experiment_id)
        if run_id is not None:
            limits.check_run_id("run_id", run_id)
        with self.lock:
            there = self.runs.get(run_id) if run_id is not None else None
            if there is not None:
                if int(there.info.experiment_id) != number:
                    raise InvalidValue(
                        "run_id", run_id, f"that run belongs to experiment {there.info.experiment_id!r}."
                    )
                return self.record(there)
            name, kept_tags = checks.run_name_and_tags(run_name, tags)
            experiment = self.active_experiment(experiment_id)
            new_id = run_id or clock.hex_id()
            info = RunInfo(
                run_id=new_id,
                experiment_id=experiment.experiment_id,
                user_id=checks.user_id(user_id),
                status="RUNNING",
                start_time=checks.milliseconds("start_time", start_time),
                end_time=None,
                lifecycle_stage=ACTIVE,
                artifact_uri=locations.of_run(experiment.artifact_location, new_id),
                run_name=name,
            )
            row = self.runs[new_id] = RunRow(info, kept_tags)
            self.touch(row)
            return self.record(row)

    def update_run(
        self,
        run_id: str,
        status: str | None = None,
        end_time: int | None = None,
        run_name: str | None = None,
    ) -> RunInfo:
        status, name = checks.run_status(status), checks.kept_run_name(run_name)
        if end_time is not None:
            checks.milliseconds("end_time", end_time)
        with self.lock:
            row = self.active_run(run_id)
            row.info = msgspec.structs.replace(
                row.info,
                status=status or row.info.status,
                end_time=row.info.end_time if end_time is None else end_time,
            )
            if status is not None:
                _free(row)
            if name:
                _rename(row, name)
            self.touch(row)
            return row.info

    def delete_run(self, run_id: str) -> None:
        with self.lock:
            self.set_stage(self.run(run_id), DELETED)

    def restore_run(self, run_id: str) -> None:
        with self.lock:
            self.set_stage(self.run(run_id), ACTIVE)

    def get_run(self, run_id: str) -> Run:
        with self.lock:
            return self.record(self.run(run_id))

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
        projection: Projection | None = None,
    ) -> Page[Run]:
        limits.check_max_results(max_results)
        order = parse_order(order_by, RUNS)
        numbers = sorted({checks.experiment_number(each) for each in experiment_ids})
        digest = tokens.search_digest("runs", numbers, filter_string or "", int(view_type), list(order_by))
        found = page(ordered(self._matching(numbers, filter_string, view_type), order), max_results, page_token, digest)
        return Page((_projected(run, projection or Projection()) for run in found), found.token)

    def count_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
    ) -> int:
        numbers = [checks.experiment_number(each) for each in experiment_ids]
        return len(self._matching(numbers, filter_string, view_type))

    def _matching(self, numbers: Sequence[int], filter_string: str | None, view_type: ViewType) -> list[Run]:
        rule = parse_filter(filter_string, RUNS)
        with self.lock:
            seen = [self.record(row) for row in self.runs_of(numbers) if view_type.sees(row.info.lifecycle_stage)]
        return [run for run in seen if evaluate(rule, run)]

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        self._log(None, run_id, metrics, params, tags)

    def _log(
        self,
        writer_id: str | None,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        """writer_id: of the journal that it comes from."""
        limits.check_run_id("run_id", run_id)
        batch = checks.batch(metrics, params, tags)
        with self.lock:
            row = self.active_run(run_id)
            for key, value in batch.params.items():
                if row.params.get(key, value) != value:
                    raise checks.param_conflict(run_id, key, row.params[key], value)
            for point in batch.metrics:
                if point.model_id is not None and point.model_id not in self.models:
                    raise IntegrityViolation(
                        f"Metric {shown(point.key)} names logged model {shown(point.model_id)}, which doesn't exist."
                    )
            row.params.update(batch.params)
            row.tags.update(batch.tags)
            if batch.name:
                _rename(row, batch.name)
            cuts = [] if writer_id is None else cuts_before(row, writer_id)
            for point in batch.metrics:
                self._add_point(row, point, amendments.cut_of(cuts, point.key, point.step))
            self.touch(row)

    def _add_point(self, row: RunRow, point: Metric, cut: Rewind | None) -> None:
        own = Metric(point.key, point.value, point.timestamp, point.step)
        if cut is not None:
            hide(row, cut.rewind_id, own)
        else:
            row.series.setdefault(point.key, Series()).add(own)
        if point.model_id is not None:
            measured = msgspec.structs.replace(point, run_id=row.info.run_id)
            if cut is not None:
                row.hidden_of_models.setdefault(cut.rewind_id, {}).setdefault(model_point(measured), measured)
            else:
                self.models[point.model_id].add(measured)

    def delete_tag(self, run_id: str, key: str) -> None:
        with self.lock:
            row = self.active_run(run_id)
            if key not in row.tags:
                raise NotFound(f"tag of run {run_id!r}", key, by="key")
            del row.tags[key]
            self.touch(row)

    def log_inputs(
        self, run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
    ) -> None:
        limits.check_run_id("run_id", run_id)
        inputs, model_ids = checks.dataset_inputs(datasets), checks.model_inputs(models)
        with self.lock:
            row = self.active_run(run_id)
            for each in inputs:
                dataset = each.dataset
                self.datasets.setdefault((row.info.experiment_id, dataset.name, dataset.digest), dataset)
                row.datasets.setdefault((dataset.name, dataset.digest), list(each.tags))
            row.model_inputs += [model_id for model_id in model_ids if model_id not in row.model_inputs]
            self.touch(row)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        checks.model_outputs(models)
        with self.lock:
            row = self.active_run(run_id)
            row.model_outputs += models
            self.touch(row)

    def record_model(self, run_id: str, model_json: str) -> None:
        model = checks.recorded_model(model_json)
        with self.lock:
            row = self.active_run(run_id)
            history = msgspec.json.decode(row.tags.get(MODEL_HISTORY_TAG) or "[]")
            row.tags[MODEL_HISTORY_TAG] = msgspec.json.encode([*history, model]).decode()
            self.touch(row)

    def search_datasets(self, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
        numbers = checks.dataset_experiments(experiment_ids)
        with self.lock:
            found = {
                DatasetSummary(row.info.experiment_id, name, digest, _context(tags))
                for row in self.runs_of(numbers)
                for (name, digest), tags in row.datasets.items()
            }
        by_name = sorted(found, key=lambda each: (int(each.experiment_id), each.name, each.digest, each.context or ""))
        return by_name[: checks.MAX_DATASET_SUMMARIES]


def _free(row: RunRow) -> None:
    """Somebody has set the status of the run."""
    if row.lease is None:
        return
    reaped = row.lease.until_ms is None
    if reaped:
        row.tags.pop(LOST_TAG, None)
    if reaped or RunStatus.is_terminated(row.info.status):
        row.lease = None


def _rename(row: RunRow, name: str) -> None:
    row.info = msgspec.structs.replace(row.info, run_name=name)
    row.tags[RUN_NAME_TAG] = name


def _context(tags: Sequence[InputTag]) -> str | None:
    return next((tag.value for tag in tags if tag.key == DATASET_CONTEXT_TAG), None)


def _projected(run: Run, projection: Projection) -> Run:
    """A search never returns model inputs."""
    data = run.data
    metrics, params, tags = projection.metrics, projection.params, projection.tags
    return Run(
        info=run.info,
        data=msgspec.structs.replace(
            data,
            latest=data.latest if metrics is None else [each for each in data.latest if each.key in metrics],
            params=_chosen(data.params, params),
            tags=_chosen(data.tags, tags),
        ),
        inputs=RunInputs(run.inputs.dataset_inputs) if projection.inputs else RunInputs(),
        outputs=run.outputs if projection.inputs else RunOutputs(),
    )


def _chosen(items: dict[str, str], keys: Sequence[str] | None) -> dict[str, str]:
    return items if keys is None else {key: value for key, value in items.items() if key in keys}
