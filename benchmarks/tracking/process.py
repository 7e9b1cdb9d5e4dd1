"""A server as a process tree: started in a group of its own, measured whole, stopped whole. Linux only."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STOP_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Memory:
    processes: int
    rss_mb: float  # summed; pages that processes share count for each
    pss_mb: float  # summed; a shared page counts once, split over its owners


@dataclass(frozen=True, kw_only=True)
class Tree:
    root: "subprocess.Popen[bytes]"
    log: Path

    def pids(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = stat.read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parent = int(text.rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
        found, waiting = [], [self.root.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children.get(pid, [])
        return found

    def memory(self) -> Memory:
        rss = pss = count = 0
        for pid in self.pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except (FileNotFoundError, ProcessLookupError):
                continue
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
            rss, pss, count = rss + sizes["Rss"], pss + sizes["Pss"], count + 1
        return Memory(processes=count, rss_mb=rss / 1024, pss_mb=pss / 1024)

    def cpu_s(self) -> float:
        ticks = 0
        for pid in self.pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.root.poll() is None:
            os.killpg(self.root.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.root.wait(timeout=STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self.root.pid, signal.SIGKILL)  # children that outlived the root
        self.root.wait()


def start(command: Sequence[str], *, folder: Path, env: Mapping[str, str]) -> Tree:
    log = folder / "server.log"
    with log.open("ab") as output:
        root = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Tree(root=root, log=log)


def settled_memory(tree: Tree, *, quiet_s: float = 2.0, limit_s: float = 40.0) -> Memory:
    """Memory once it has moved by less than 1 % for `quiet_s`."""
    deadline, last, since = time.monotonic() + limit_s, tree.memory(), time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < quiet_s:
        time.sleep(0.25)
        now = tree.memory()
        if abs(now.rss_mb - last.rss_mb) > 0.01 * last.rss_mb or now.processes != last.processes:
            last, since = now, time.monotonic()
    return tree.memory()


def settle(tree: Tree, *, quiet_s: float = 1.0, limit_s: float = 15.0) -> None:
    """Returns once the tree has used less than 5 % of a core for `quiet_s`: workers have started."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        before = tree.cpu_s()
        time.sleep(quiet_s)
        if tree.cpu_s() - before < 0.05 * quiet_s:
            return
