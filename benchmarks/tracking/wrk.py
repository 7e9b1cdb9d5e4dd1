"""wrk with one of the scripts in `lua/`, and what it saw."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec

LUA = Path(__file__).parent / "lua"
LEAST = 3
LONGEST_S = 20.0
TIMEOUT_S = 120  # of a single answer; MLflow needs seconds for some


class LoadFailed(Exception):
    """The load ended without figures, or the server refused some of it."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    requests: int
    duration_s: float
    bytes: int
    bad_status: int  # answers of 400 and above
    broken: int  # connections, reads, writes and timeouts that failed
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    extra: int  # what the script counts besides

    @property
    def per_s(self) -> float:
        return self.requests / self.duration_s


def load(script: str, url: str, *args: str, connections: int, duration_s: float, threads: int = 1) -> Seen:
    """One stretch of load, made longer where a server answers less than LEAST requests in it."""
    while True:
        seen = once(script, url, *args, connections=connections, duration_s=duration_s, threads=threads)
        if seen.requests >= LEAST or duration_s >= LONGEST_S:
            return seen
        duration_s = min(LONGEST_S, duration_s * 1.3 * LEAST / max(seen.requests, 1))


def once(script: str, url: str, *args: str, connections: int, duration_s: float, threads: int) -> Seen:
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{max(1, round(duration_s))}s"]
    command += ["--timeout", f"{TIMEOUT_S}s", "--latency", "-s", str(LUA / f"{script}.lua"), url, "--", *args]
    env = {**os.environ, "LUA_PATH": f"{LUA}/?.lua;;"}
    said = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    lines = [line for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines or "error" in said.stderr or "out of runs" in said.stdout:
        raise LoadFailed(f"{script}: {said.stdout[-1500:]}{said.stderr[-1500:]}")
    seen = msgspec.json.decode(lines[0].removeprefix("RESULT "), type=Seen)
    if seen.bad_status or seen.broken:
        raise LoadFailed(f"{script}: {seen.bad_status} refused, {seen.broken} broken of {seen.requests}")
    return seen
