"""What a user has before the first request: start, memory, import, size on disk."""

import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tracking.measure import Bench, Figure, median, nothing
from benchmarks.tracking.process import settled_memory
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


def ready(system: System, bench: Bench) -> Figure:
    """Seconds from exec to the first healthy answer, on a database that is there already."""
    folder = bench.folder / "start"
    samples = []
    with running(system, folder) as first:
        fresh = first.ready_s
    for _ in range(bench.size.starts):
        with running(system, folder) as again:
            samples.append(again.ready_s)
    return median(samples, first_start_s=round(fresh, 3))


def idle_memory(system: System, bench: Bench) -> Figure:
    """MB resident, summed over the processes, once started and quiet."""
    with running(system, bench.folder / "memory") as started:
        memory = settled_memory(started.tree)
    return median([memory.rss_mb], processes=memory.processes, pss_mb=round(memory.pss_mb, 1))


@dataclass(frozen=True)
class Imported:
    import_s: float
    import_mb: float  # resident, of the whole process
    api_s: float
    api_mb: float


def imported(system: System, bench: Bench) -> list[Imported]:
    """Each import in a fresh interpreter, files cached by one before."""
    command = [str(system.python), "-c", IMPORT.format(module=system.module)]
    found = []
    for _ in range(bench.size.imports + 1):
        said = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment(system), cwd=bench.folder
        )
        found.append(Imported(*map(float, said.stdout.split())))
    return found[1:]


def import_time(system: System, bench: Bench) -> Figure:
    found = imported(system, bench)
    return median([one.import_s for one in found], api=statistics.median(one.api_s for one in found))


def import_memory(system: System, bench: Bench) -> Figure:
    found = imported(system, bench)
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
