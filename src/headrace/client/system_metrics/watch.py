"""One run that is measured: its pace, the samples that aren't logged yet, and the step of the next point."""

from __future__ import annotations

import threading
from typing import NamedTuple

from headrace import clock, settings
from headrace.client.open import tracking_sink
from headrace.client.system_metrics import sensors
from headrace.entities import Run
from headrace.entities.journal import PointsLogged
from headrace.entities.limits import check_key
from headrace.errors import HeadraceError, InvalidValue

PREFIX = "system/"
_SOME_METRIC = "system_memory_usage_percentage"


class Plan(NamedTuple):
    interval_s: float
    samples: int
    prefix: str


def plan(interval_s: float = 10.0, samples: int = 1, node_id: str | None = None) -> Plan:
    """What the process is set to, else what is given."""
    node_id = settings.SYSTEM_METRICS_NODE_ID.get() or node_id
    if node_id:
        check_node_id(node_id)
    if not 0 < interval_s < float("inf"):
        raise InvalidValue("sampling_interval", interval_s, "a number of seconds above 0 is needed.")
    if samples < 1:
        raise InvalidValue("samples_before_logging", samples, "1 or more are needed.")
    return Plan(
        settings.SYSTEM_METRICS_SAMPLING_INTERVAL_S.get() or interval_s,
        settings.SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING.get() or samples,
        f"{PREFIX}{node_id}/" if node_id else PREFIX,
    )


def check_node_id(node_id: str) -> None:
    try:
        check_key("metric name", f"{PREFIX}{node_id}/{_SOME_METRIC}")
    except InvalidValue as error:
        raise InvalidValue("system metrics node id", node_id, f"it becomes part of metric names. {error}") from None


def step_after(run: Run) -> int:
    """The step that continues the run's system metrics, those of all its nodes."""
    return max((metric.step + 1 for metric in run.data.latest if metric.key.startswith(PREFIX)), default=0)


class Watch:
    """`turn` belongs to one thread, `end` to any.

    due_s: monotonic, when the next turn is. step: of the first point.
    """

    def __init__(self, run_id: str, uri: str, plan: Plan, step: int = 0) -> None:
        self.due_s = clock.monotonic_s()
        self._run_id, self._uri, self._plan, self._step = run_id, uri, plan, step
        self._sensors: list[sensors.Sensor] | None = None
        self._values: dict[str, list[float]] = {}
        self._taken = 0
        self._failed = self._ended = False
        self._lock = threading.Lock()

    @property
    def next_step(self) -> int:
        return self._step

    def turn(self) -> None:
        """The first opens the sensors, each other takes a sample, and logs if it was the last of a point."""
        if self._sensors is None:
            self._sensors = sensors.open_sensors()
        else:
            self._take(sensors.read(self._sensors))
        self.due_s = clock.monotonic_s() + self._plan.interval_s

    def end(self) -> None:
        """Samples that wait for others are logged without them; nothing is logged afterwards."""
        with self._lock:
            if self._taken and not self._ended:
                self._log()
            self._ended = True

    def _take(self, sample: dict[str, float]) -> None:
        with self._lock:
            if self._ended:
                return
            for name, value in sample.items():
                self._values.setdefault(name, []).append(value)
            self._taken += 1
            if self._taken >= self._plan.samples:
                self._log()

    def _log(self) -> None:
        values = {
            self._plan.prefix + name: taken[-1] if name in sensors.COUNTED else round(sum(taken) / len(taken), 1)
            for name, taken in self._values.items()
        }
        self._values, self._taken = {}, 0
        if not values:
            return
        points = PointsLogged(self._run_id, tuple(values), tuple(values.values()), self._step, clock.now_ms())
        self._step += 1
        try:
            tracking_sink(self._uri).log_points(points)
        except HeadraceError as error:
            if not self._failed:
                sensors.log.warning("System metrics of run %s could not be logged: %s", self._run_id, error.message)
            self._failed = True
