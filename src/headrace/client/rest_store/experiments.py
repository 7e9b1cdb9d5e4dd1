from __future__ import annotations

from collections.abc import Sequence

from headrace.client.rest_store.session import Session
from headrace.client.rest_store.views import view_name
from headrace.entities import Experiment, ExperimentTag, LifecycleStage, Page, ViewType
from headrace.errors import AlreadyExists, InvalidState, NotFound
from headrace.stores.base import ExperimentStore
from headrace.wire.convert.experiments import experiment, experiment_tag_fields
from headrace.wire.messages import experiments as m
from headrace.wire.table import experiments as t


class RestExperiments(ExperimentStore):
    _session: Session

    def create_experiment(
        self, name: str, artifact_location: str | None = None, tags: Sequence[ExperimentTag] = ()
    ) -> str:
        request = m.CreateExperiment(name=name, artifact_location=artifact_location, tags=experiment_tag_fields(tags))
        return self._session.call(t.CREATE_EXPERIMENT, request).experiment_id

    def ensure_experiment(self, name: str) -> Experiment:
        answer = self._session.call_own(t.ENSURE_EXPERIMENT, m.EnsureExperiment(name=name))
        if answer is not None:
            return experiment(answer.experiment)
        found = self.get_experiment_by_name(name)
        if found is None:
            try:
                return self.get_experiment(self.create_experiment(name))
            except AlreadyExists:  # somebody was first
                found = self.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage != LifecycleStage.ACTIVE:
            raise InvalidState(
                message=f"Experiment {name!r} is deleted; restore it (id {found.experiment_id}) or choose another name."
            )
        return found

    def get_experiment(self, experiment_id: str) -> Experiment:
        request = m.GetExperiment(experiment_id=experiment_id)
        return experiment(self._session.call(t.GET_EXPERIMENT, request).experiment)

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        try:
            answer = self._session.call(t.GET_EXPERIMENT_BY_NAME, m.GetExperimentByName(experiment_name=name))
        except NotFound:
            return None
        return experiment(answer.experiment)

    def search_experiments(
        self,
        view_type: ViewType = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] = (),
        page_token: str | None = None,
    ) -> Page[Experiment]:
        request = m.SearchExperiments(
            max_results=max_results,
            page_token=page_token,
            filter=filter_string,
            order_by=list(order_by),
            view_type=view_name(view_type),
        )
        answer = self._session.call(t.SEARCH_EXPERIMENTS, request)
        return Page(map(experiment, answer.experiments), answer.next_page_token)

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        self._session.call(t.UPDATE_EXPERIMENT, m.UpdateExperiment(experiment_id=experiment_id, new_name=new_name))

    def delete_experiment(self, experiment_id: str) -> None:
        self._session.call(t.DELETE_EXPERIMENT, m.DeleteExperiment(experiment_id=experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        self._session.call(t.RESTORE_EXPERIMENT, m.RestoreExperiment(experiment_id=experiment_id))

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        request = m.SetExperimentTag(experiment_id=experiment_id, key=key, value=value)
        self._session.call(t.SET_EXPERIMENT_TAG, request)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        self._session.call(t.DELETE_EXPERIMENT_TAG, m.DeleteExperimentTag(experiment_id=experiment_id, key=key))
