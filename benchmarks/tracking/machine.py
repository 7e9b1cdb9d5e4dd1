"""Facts of the machine that a figure belongs to."""

import os
import platform
import shutil
import sqlite3
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Machine:
    cpu: str
    cores: int
    memory_gib: float
    system: str
    python: str
    sqlite: str
    wrk: str
    date: str
    fsync_ms: float  # median of a 4 KiB append and fsync: what one durable commit costs at least

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def wrk_version() -> str:
    if shutil.which("wrk") is None:
        return "none"  # the benchmarks that don't need it
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    words = (said.stdout + said.stderr).split()
    return words[1] if len(words) > 1 else "unknown"


def fsync_ms(folder: Path, tries: int = 200) -> float:
    import statistics
    import time

    path, took = folder / "fsync-probe", []
    with path.open("wb") as probe:
        for _ in range(tries):
            probe.write(b"x" * 4096)
            probe.flush()
            start = time.perf_counter()
            os.fsync(probe.fileno())
            took.append(time.perf_counter() - start)
    path.unlink()
    return round(statistics.median(took) * 1e3, 3)


def this_machine(folder: Path) -> Machine:
    return Machine(
        cpu=cpu_model(),
        cores=os.cpu_count() or 1,
        memory_gib=memory_gib(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        wrk=wrk_version(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        fsync_ms=fsync_ms(folder),
    )
