"""NVIDIA's GPUs, through NVML (package nvidia-ml-py, module pynvml)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headrace.lazy import optional_import

_DRIVER = Path("/proc/driver/nvidia/version")  # there where Linux has loaded NVIDIA's driver
_MEGA = 1e6

log = logging.getLogger("headrace.system")

Reading = Callable[[], dict[str, float]]


def gpu_readings() -> Iterator[tuple[str, Reading]]:
    """Name → reading. Memory, load and power of a GPU fail one by one: a virtual GPU has no power, a slice no load."""
    if find_spec("pynvml") is None:
        if _DRIVER.exists():
            raise RuntimeError("there is a GPU, but no package to read it; pip install nvidia-ml-py")
        return
    nvml = optional_import("pynvml")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        if _DRIVER.exists():
            raise
        log.debug("No GPU to measure: %s", error)
        return
    for index in range(nvml.nvmlDeviceGetCount()):
        device = nvml.nvmlDeviceGetHandleByIndex(index)
        for what, reading in (("memory", _memory), ("load", _load), ("power", _power)):
            yield f"{what} of GPU {index}", partial(reading, nvml, device, f"gpu_{index}")


def _memory(nvml: Any, device: Any, name: str) -> dict[str, float]:
    memory = nvml.nvmlDeviceGetMemoryInfo(device)
    return {
        f"{name}_memory_usage_percentage": 100 * memory.used / memory.total,
        f"{name}_memory_usage_megabytes": memory.used / _MEGA,
    }


def _load(nvml: Any, device: Any, name: str) -> dict[str, float]:
    return {f"{name}_utilization_percentage": float(nvml.nvmlDeviceGetUtilizationRates(device).gpu)}


def _power(nvml: Any, device: Any, name: str) -> dict[str, float]:
    used_mw, most_mw = nvml.nvmlDeviceGetPowerUsage(device), nvml.nvmlDeviceGetEnforcedPowerLimit(device)
    return {f"{name}_power_usage_watts": used_mw / 1000, f"{name}_power_usage_percentage": 100 * used_mw / most_mw}
