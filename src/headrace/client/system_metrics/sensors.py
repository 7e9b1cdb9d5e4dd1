"""What can be measured on this machine. A sensor that fails is left out of the sample, and warned about once."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from headrace.client.system_metrics.gpus import gpu_readings

INSTALL = "pip install 'headrace[system]'"
COUNTED = frozenset({"network_receive_megabytes", "network_transmit_megabytes"})  # since the start: the last one counts
_MEGA = 1e6

log = logging.getLogger("headrace.system")


class Sensor(NamedTuple):
    """name: in warnings. read: metric → value."""

    name: str
    read: Callable[[], dict[str, float]]


def prepare() -> None:
    """Loads what the sensors need, and says what is missing. In the caller's thread: where a fork comes while another
    thread imports, the module stays locked in the child for ever."""
    for module in ("psutil", "pynvml"):
        with contextlib.suppress(Exception):  # told by who uses it
            importlib.import_module(module)
    if find_spec("psutil") is None:
        _tell_once(("psutil", ""), f"System metrics of this machine need psutil, which is missing: {INSTALL}")


def open_sensors() -> list[Sensor]:
    """From now on: shares and sums count from here."""
    sensors: list[Sensor] = []
    for name, opener in (("machine", _machine), ("GPU", _gpus)):
        try:
            sensors += opener()
        except Exception as error:  # noqa: BLE001 — a broken driver or package mustn't keep the others from measuring
            _tell(name, error)
    return sensors


def read(sensors: Sequence[Sensor]) -> dict[str, float]:
    sample: dict[str, float] = {}
    for sensor in sensors:
        try:
            sample.update(sensor.read())
        except Exception as error:  # noqa: BLE001 — drivers raise what they like
            _tell(sensor.name, error)
    return sample


def _machine() -> Iterator[Sensor]:
    if find_spec("psutil") is None:
        return
    yield Sensor("cpu", _Cpu().read)
    yield Sensor("memory", _memory)
    yield Sensor("disk", _disk)
    yield Sensor("network", _Network().read)


def _gpus() -> Iterator[Sensor]:
    for name, reading in gpu_readings():
        yield Sensor(name, reading)


class _Cpu:
    """The busy share since the last reading. psutil's `cpu_percent` would have its beginning moved by other callers."""

    def __init__(self) -> None:
        self._total_s, self._idle_s = self._times()

    def read(self) -> dict[str, float]:
        total_s, idle_s = self._times()
        passed_s, idled_s = total_s - self._total_s, idle_s - self._idle_s
        self._total_s, self._idle_s = total_s, idle_s
        if passed_s <= 0:  # too short for the kernel's clock
            return {}
        return {"cpu_utilization_percentage": min(100.0, max(0.0, 100 * (1 - idled_s / passed_s)))}

    @staticmethod
    def _times() -> tuple[float, float]:
        import psutil

        times = psutil.cpu_times()
        guests_s = getattr(times, "guest", 0) + getattr(times, "guest_nice", 0)  # Linux counts them as user time, too
        return sum(times) - guests_s, times.idle + getattr(times, "iowait", 0)


def _memory() -> dict[str, float]:
    import psutil

    memory = psutil.virtual_memory()
    return {
        "system_memory_usage_megabytes": memory.used / _MEGA,
        "system_memory_usage_percentage": 100 * memory.used / memory.total,
    }


def _disk() -> dict[str, float]:
    import psutil

    disk = psutil.disk_usage(os.sep)
    return {
        "disk_usage_percentage": disk.percent,
        "disk_usage_megabytes": disk.used / _MEGA,
        "disk_available_megabytes": disk.free / _MEGA,
    }


class _Network:
    def __init__(self) -> None:
        self._received, self._sent = self._bytes()

    def read(self) -> dict[str, float]:
        received, sent = self._bytes()
        return {
            "network_receive_megabytes": (received - self._received) / _MEGA,
            "network_transmit_megabytes": (sent - self._sent) / _MEGA,
        }

    @staticmethod
    def _bytes() -> tuple[int, int]:
        import psutil

        counters: Any = psutil.net_io_counters()  # None without a network card, whatever its types say
        return (counters.bytes_recv, counters.bytes_sent) if counters else (0, 0)


_told: set[tuple[str, str]] = set()


def _tell(name: str, error: Exception) -> None:
    cause = type(error).__name__
    _tell_once((name, cause), f"System metrics go on without {name}: {cause}: {error}")


def _tell_once(cause: tuple[str, str], message: str) -> None:
    if cause not in _told:
        _told.add(cause)
        log.warning(message)
