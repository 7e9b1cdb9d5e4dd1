"""What the machine does while runs are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
]

if TYPE_CHECKING:
    from headrace.client.system_metrics.switches import (
        disable_system_metrics_logging,
        enable_system_metrics_logging,
        set_system_metrics_node_id,
        set_system_metrics_samples_before_logging,
        set_system_metrics_sampling_interval,
    )
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {name: f"headrace.client.system_metrics.switches:{name}" for name in __all__},
        otherwise="headrace.client.absent:lookup",
    )
