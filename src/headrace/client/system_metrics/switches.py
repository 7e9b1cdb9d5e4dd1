"""The calls that set what later runs of this process, and of the children that it starts, do."""

from __future__ import annotations

import os
from typing import Any

from headrace import settings
from headrace.client.system_metrics.watch import check_node_id
from headrace.errors import InvalidValue


def enable_system_metrics_logging() -> None:
    """For runs that start from now on, unless start_run(log_system_metrics=False)."""
    os.environ[settings.ENABLE_SYSTEM_METRICS_LOGGING.names[0]] = "true"


def disable_system_metrics_logging() -> None:
    """For runs that start from now on, unless start_run(log_system_metrics=True)."""
    os.environ[settings.ENABLE_SYSTEM_METRICS_LOGGING.names[0]] = "false"


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Seconds between two samples; None: 10, the default."""
    _set(settings.SYSTEM_METRICS_SAMPLING_INTERVAL_S, "interval", interval)


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """How many samples make one logged point, their average; None: 1, the default."""
    _set(settings.SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING, "samples", samples)


def set_system_metrics_node_id(node_id: str | None) -> None:
    """The name of this machine among those that log to one run: metrics are `system/NODE/…` then. None: `system/…`."""
    if node_id is not None:
        check_node_id(str(node_id))
    _set(settings.SYSTEM_METRICS_NODE_ID, "node_id", node_id)


def _set(setting: settings.Setting[Any], field: str, value: object) -> None:
    """None: as if it had never been set, by any spelling."""
    if value is None:
        for name in setting.names:
            os.environ.pop(name, None)
        return
    try:
        setting.parse(str(value))
    except ValueError as error:
        raise InvalidValue(field, value, str(error)) from None
    os.environ[setting.names[0]] = str(value)
