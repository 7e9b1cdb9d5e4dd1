from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace import clock
from headrace.entities import Experiment, ExperimentTag, Page, ViewType, limits
from headrace.errors import AlreadyExists, IntegrityViolation, NotFound, shown
from headrace.query import EXPERIMENTS, evaluate, ordered, parse_filter, parse_order
from headrace.stores import checks, locations, tokens
from headrace.stores.base import ExperimentStore
from headrace.stores.memory.paging import page
from headrace.stores.memory.state import ACTIVE, DELETED, State


class MemoryExperiments(State, ExperimentStore):
    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] = ()
    ) -> str:
        name, kept_tags = checks.experiment_name(name), checks.experiment_tags(tags)
        location = locations.checked(artifact_location) if artifact_location else None
        with self.lock:
            if self._named(name) is not None:
                raise AlreadyExists(
                    "experiment", name, hint="Deleted experiments keep their names; restore or rename it."
                )
            return self._add(name, location, kept_tags).experiment_id

    def ensure_experiment(self, name: str) -> Experiment:
        checks.experiment_name(name)
        with self.lock:
            found = self._named(name)
            if found is None:
                return _own(self._add(name, None, {}))
            checks.active_experiment(found.experiment_id, found.lifecycle_stage)
            return _own(found)

    def _named(self, name: str) -> Experiment | None:
        return next((each for each in self.experiments.values() if each.name == name), None)

    def _add(self, name: str, location: str | None, tags: dict[str, str]) -> Experiment:
        number, now = self.next_experiment, clock.now_ms()
        self.next_experiment += 1
        made = Experiment(
            experiment_id=str(number),
            name=name,
            artifact_location=location or locations.of_experiment(self.artifact_root, str(number)),
            tags=tags,
            creation_time=now,
            last_update_time=now,
        )
        self.experiments[number] = made
        return made

    def get_experiment(self, experiment_id: str) -> Experiment:
        with self.lock:
            return _own(self.experiment(experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        with self.lock:
            found = self._named(name)
            return None if found is None else _own(found)

    def search_experiments(
        self,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[Experiment]:
        limits.check_max_results(max_results)
        rule, order = parse_filter(filter_string, EXPERIMENTS), parse_order(order_by, EXPERIMENTS)
        digest = tokens.search_digest("experiments", int(view_type), filter_string or "", list(order_by))
        with self.lock:
            seen = [_own(each) for each in self.experiments.values() if view_type.sees(each.lifecycle_stage)]
        found = ordered((each for each in seen if evaluate(rule, each)), order)
        return page(found, max_results, page_token, digest)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        checks.experiment_name(new_name)
        with self.lock:
            found = self.active_experiment(experiment_id)
            holder = self._named(new_name)
            if holder is not None and holder.experiment_id != found.experiment_id:
                raise IntegrityViolation(
                    f"Experiment {found.experiment_id!r} can't be named {shown(new_name)}: "
                    f"experiment {holder.experiment_id!r} has that name."
                )
            self._replace(found, name=new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        self._move(experiment_id, ACTIVE, DELETED)

    def restore_experiment(self, experiment_id: str) -> None:
        self._move(experiment_id, DELETED, ACTIVE)

    def _move(self, experiment_id: str, before: str, after: str) -> None:
        with self.lock:
            found = self.experiment(experiment_id)
            if found.lifecycle_stage != before:
                raise NotFound(f"{before} experiment", experiment_id, hint=f"It is {found.lifecycle_stage}.")
            self._replace(found, lifecycle_stage=after)
            for row in self.runs_of([int(found.experiment_id)]):
                self.set_stage(row, after)

    def _replace(self, experiment: Experiment, **changes: str) -> None:
        self.experiments[int(experiment.experiment_id)] = msgspec.structs.replace(
            experiment, last_update_time=clock.now_ms(), **changes
        )

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        checks.experiment_tag(key, value)
        with self.lock:
            self.active_experiment(experiment_id).tags[key] = value

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        with self.lock:
            tags = self.active_experiment(experiment_id).tags
            if key not in tags:
                raise NotFound(f"tag of experiment {experiment_id!r}", key, by="key")
            del tags[key]


def _own(experiment: Experiment) -> Experiment:
    return msgspec.structs.replace(experiment, tags=dict(experiment.tags))
