"""MLflow's class for those who measure by themselves: a rank of a distributed training, for another's run."""

from __future__ import annotations

from headrace.client.open import tracking_sink
from headrace.client.system_metrics.sampler import sampler
from headrace.client.system_metrics.sensors import prepare
from headrace.client.system_metrics.watch import Watch, plan, step_after
from headrace.client.uri import get_tracking_uri


class SystemMetricsMonitor:
    """Measures for run_id between start and finish. The process's settings win over what is given here."""

    def __init__(
        self,
        run_id: str,
        sampling_interval: float = 10,
        samples_before_logging: int = 1,
        resume_logging: bool = False,
        node_id: str | None = None,
        tracking_uri: str | None = None,
    ) -> None:
        """sampling_interval: seconds. resume_logging: continue the run's steps instead of counting from 0."""
        self._run_id, self._uri = run_id, tracking_uri or get_tracking_uri()
        self._plan = plan(sampling_interval, samples_before_logging, node_id)
        self._step = step_after(tracking_sink(self._uri).get_run(run_id)) if resume_logging else 0
        self._watch: Watch | None = None

    def start(self) -> None:
        prepare()
        if self._watch is None:
            self._watch = Watch(self._run_id, self._uri, self._plan, self._step)
            sampler.add(self._watch)

    def finish(self) -> None:
        if self._watch is not None:
            sampler.remove(self._watch)
            self._step, self._watch = self._watch.next_step, None
