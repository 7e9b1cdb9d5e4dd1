"""Trials as their runs tell of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from headrace.client.mlflow_client import MlflowClient
from headrace.client.uri import get_tracking_uri
from headrace.entities import Run
from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.proposals import Points
from headrace.projects.sweeps.trial import Trial, reason_tags, trial_of


@dataclass(frozen=True)
class Book:
    """Thread-safe."""

    metric: str | None
    client: MlflowClient

    def judged(self, trial: Trial) -> Trial:
        """A trial whose command is over."""
        run = self.client.get_run(trial.run_id)
        found = trial_of(run, self.metric)
        assert found is not None
        if run.info.status != "FINISHED" or self.metric is None:
            return found
        if found.state == "pruned":  # it was quicker than its end
            self._note(trial, "finished", "it finished before it could be ended")
            found = replace(found, state="finished", reason="")
        if found.value is None:
            reason = f"no metric {self.metric!r}; it logged {_names(run)}"
            self._note(trial, "failed", reason)
            return replace(found, state="failed", reason=reason, unmeasured=True)
        return found

    def prune(self, trial: Trial, reason: str) -> None:
        """Notes why, before it is ended."""
        self._note(trial, "pruned", reason)

    def points(self, run_id: str) -> Points:
        """Of the metric; the last value of each step, by step."""
        if self.metric is None:
            return []
        return sorted(dict(self._points(run_id, self.metric)).items())

    def logged(self, run_id: str) -> Sequence[str]:
        """Names of a run's metrics."""
        return sorted(self.client.get_run(run_id).data.metrics)

    def _points(self, run_id: str, metric: str) -> Iterator[tuple[int, float]]:
        for point in self.client.get_metric_history(run_id, metric):
            yield point.step, point.value

    def _note(self, trial: Trial, state: str, reason: str) -> None:
        self.client.log_batch(trial.run_id, tags=reason_tags(state, reason))


def book_of(plan: Plan) -> Book:
    return Book(plan.metric, MlflowClient(get_tracking_uri()))


def _names(run: Run) -> str:
    return ", ".join(map(repr, sorted(run.data.metrics))) or "no metric at all"
