"""What a user has before the first request: start, memory, import, size on disk."""

import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.tracking.measure import Bench, Figure, median, nothing
from benchmarks.tracking.process import Memory, settled_memory
from benchmarks.tracking.systems import System, environment, running

# A module that loads its parts when they are asked for is cheap to import, so the calls that every training
# script makes are touched too, and both moments are told.
IMPORT = """
import time
def resident_mb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
start = time.perf_counter()
import {module} as module
print(time.perf_counter() - start, resident_mb())
module.set_experiment, module.start_run, module.log_params, module.log_metric, module.MlflowClient
print(time.perf_counter() - start, resident_mb())
"""


@dataclass(frozen=True)
class Started:
    first_s: float  # on no database
    again_s: list[float]
    idle: Memory


@cache
def started(system: System, starts: int, folder: Path) -> Started:
    with running(system, folder) as first:
        first_s = first.ready_s
    again_s: list[float] = []
    for _ in range(starts):
        with running(system, folder) as again:
            again_s.append(again.ready_s)
            if len(again_s) == starts:
                idle = settled_memory(again.tree)
    return Started(first_s, again_s, idle)


def starts_of(system: System, bench: Bench) -> Started:
    return started(system, bench.size.starts, bench.folder.parent / f"start-{system.name}")


def ready(system: System, bench: Bench) -> Figure:
    """Seconds from exec to the first healthy answer, on a database that is there already."""
    seen = starts_of(system, bench)
    return median(seen.again_s, first_start_s=round(seen.first_s, 3))


def idle_memory(system: System, bench: Bench) -> Figure:
    """MB resident, summed over the processes, once started and quiet."""
    memory = starts_of(system, bench).idle
    return median([memory.rss_mb], processes=memory.processes, pss_mb=round(memory.pss_mb, 1))


@dataclass(frozen=True)
class Imported:
    import_s: float
    import_mb: float  # resident, of the whole process
    api_s: float
    api_mb: float


@cache
def imported(system: System, imports: int, folder: Path) -> list[Imported]:
    """Each import in a fresh interpreter, files cached by one before."""
    command = [str(system.python), "-c", IMPORT.format(module=system.module)]
    found = []
    for _ in range(imports + 1):
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(system), cwd=folder)
        found.append(Imported(*map(float, said.stdout.split())))
    return found[1:]


def import_time(system: System, bench: Bench) -> Figure:
    found = imported(system, bench.size.imports, bench.folder.parent)
    return median([one.import_s for one in found], api=statistics.median(one.api_s for one in found))


def import_memory(system: System, bench: Bench) -> Figure:
    found = imported(system, bench.size.imports, bench.folder.parent)
    return median([one.import_mb for one in found], api=statistics.median(one.api_mb for one in found))


def installed_size(system: System, bench: Bench) -> Figure:
    """MB of a fresh install with its dependencies, compiled, and how many distributions that is."""
    target = bench.folder / "site"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return nothing("needs uv")
    command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--target", str(target)]
    done = subprocess.run(
        [*command, "--python", str(system.python), system.package], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return nothing(f"install failed: {done.stderr.strip().splitlines()[-1:]}")
    size = sum(file.lstat().st_size for file in target.rglob("*") if file.is_file())
    packages = len(list(target.glob("*.dist-info")))
    shutil.rmtree(target)
    return median([size / 1e6], packages=packages)
