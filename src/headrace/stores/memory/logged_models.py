from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import (
    DatasetFilter,
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    ModelOrder,
    Page,
    limits,
)
from headrace.errors import IntegrityViolation, NotFound, shown
from headrace.query import LOGGED_MODELS, SearchableModel, evaluate, ordered, parse_filter, parse_model_order
from headrace.query.records import on_any
from headrace.stores import checks, locations, tokens
from headrace.stores.base import LoggedModelStore
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import ModelRow, State


class MemoryLoggedModels(State, LoggedModelStore):
    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Sequence[LoggedModelTag] = (),
        params: Sequence[LoggedModelParameter] = (),
        model_type: str | None = None,
    ) -> LoggedModel:
        name, kind = checks.model_name(name), checks.model_type(model_type)
        kept_tags = checks.model_entries("model tag", tags)
        kept_params = checks.model_entries("model param", params)
        source = checks.source_run_id(source_run_id)
        with self.lock:
            experiment = self.active_experiment(experiment_id)
            model_id, now = clock.model_id(), clock.now_ms()
            model = LoggedModel(
                experiment_id=experiment.experiment_id,
                model_id=model_id,
                name=name,
                artifact_location=locations.of_model(experiment.artifact_location, model_id),
                creation_timestamp=now,
                last_updated_timestamp=now,
                model_type=kind,
                source_run_id=source,
                status=LoggedModelStatus.PENDING,
                tags=kept_tags,
                params=kept_params,
            )
            row = self.models[model_id] = ModelRow(model)
            return row.record()

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        with self.lock:
            return self.model(model_id, allow_deleted).record()

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        checks.final_status(status)
        with self.lock:
            row = self.model(model_id, True)
            row.model = msgspec.structs.replace(row.model, status=status, last_updated_timestamp=clock.now_ms())
            return row.record()

    def delete_logged_model(self, model_id: str) -> None:
        with self.lock:
            self.model(model_id, True).deleted = True

    def log_logged_model_params(self, model_id: str, params: Sequence[LoggedModelParameter]) -> None:
        kept = checks.model_entries("model param", params)
        with self.lock:
            there = self.model(model_id, True).model.params
            for key in kept:
                if key in there:
                    raise IntegrityViolation(
                        f"Param {shown(key)} of logged model {model_id!r} is there already; params are written once."
                    )
            there.update(kept)

    def set_logged_model_tags(self, model_id: str, tags: Sequence[LoggedModelTag]) -> None:
        kept = checks.model_entries("model tag", tags, repeats=True)
        with self.lock:
            self.model(model_id, True).model.tags.update(kept)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        with self.lock:
            tags = self.model(model_id, True).model.tags
            if key not in tags:
                raise NotFound(f"tag of logged model {model_id!r}", key, by="key")
            del tags[key]

    def search_logged_models(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None = None,
        datasets: Sequence[DatasetFilter] = (),
        max_results: int = 100,
        order_by: Sequence[ModelOrder] = (),
        page_token: str | None = None,
    ) -> Page[LoggedModel]:
        limits.check_max_results(max_results)
        rule, order = parse_filter(filter_string, LOGGED_MODELS), parse_model_order(order_by)
        checks.dataset_filters(datasets)
        numbers = sorted({checks.experiment_number(each) for each in experiment_ids})
        digest = tokens.search_digest("models", numbers, filter_string or "", list(datasets), list(order_by))
        with self.lock:
            seen = [
                SearchableModel(row.record(), list(row.points.values()), datasets)
                for row in self.models.values()
                if not row.deleted and int(row.model.experiment_id) in numbers
            ]
        if datasets:
            seen = [each for each in seen if any(on_any(point, datasets) for point in each.points)]
        found = page(ordered((each for each in seen if evaluate(rule, each)), order), max_results, page_token, digest)
        return Page((each.model for each in found), found.token)
