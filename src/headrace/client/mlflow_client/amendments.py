from __future__ import annotations

from typing import Any

from headrace import clock
from headrace.client.active_run import is_open
from headrace.client.context import user_name
from headrace.client.mlflow_client.target import Target
from headrace.client.outbox import amend
from headrace.client.uri import shown_uri
from headrace.client.values import as_integer, as_key, as_text
from headrace.entities import Metric, ParamCorrection, Rewind
from headrace.entities.journal import ParamCorrected, RunRewound
from headrace.errors import InvalidState, NotSupported
from headrace.stores.amendments import AmendmentStore


class AmendmentCalls(Target):
    """What was taken back in runs. MLflow's client has no such calls, its servers raise NotSupported."""

    def rewind_run(self, run_id: str, step: int) -> None:
        """Hides points of later steps, as start_run(run_id=…, resume_from_step=step) does, and leaves the run as it is
        otherwise. InvalidState for one that this process has open: what it logs next would be hidden, too."""
        if is_open(run_id):
            raise InvalidState(
                message=f"Run {run_id!r} is open in this process; end it, and go on by "
                f"start_run(run_id={run_id!r}, resume_from_step={step!r})."
            )
        at = amend.moment_after_rewinds(self._store, run_id)
        amend.append(self._store, RunRewound(run_id, as_integer("step", step), at, user_name()))

    def get_rewinds(self, run_id: str) -> list[Rewind]:
        """In the order of their times."""
        return self._amended.list_rewinds(run_id)

    def get_hidden_points(self, run_id: str, key: str, rewind_id: int | None = None) -> list[Metric]:
        """Every point of a metric that a rewind (None: any) hides, by rewind, timestamp, step, value."""
        points, token = list[Metric](), None
        while True:
            page = self._amended.hidden_points(run_id, key, rewind_id, page_token=token)
            points += page
            token = page.token
            if token is None:
                return points

    def correct_param(self, run_id: str, key: str, value: Any, reason: str = "") -> None:
        """Gives a param that is there another value; the old one is kept."""
        name = as_key("param name", key)
        amend.append(
            self._store, ParamCorrected(run_id, name, as_text(value), clock.now_ms(), user_name(), as_text(reason))
        )

    def get_param_corrections(self, run_id: str) -> list[ParamCorrection]:
        """In the order in which they reached the store."""
        return self._amended.param_corrections(run_id)

    @property
    def _amended(self) -> AmendmentStore:
        store = self._store
        if not isinstance(store, AmendmentStore):
            raise NotSupported(
                f"The store at {shown_uri(self.tracking_uri)!r} keeps no rewinds and no corrections of params."
            )
        return store
