"""Kills, cuts and fills, round after round: is every record that a call returned for on the server, exactly once?

    python -m tests.crash.harness --rounds 1000

A round is a training of its own process that logs records and files through a proxy to a real server, and one fault at
a random moment. Then everything is healed, `headrace sync` sends what was left, and what the server has is compared
with the training's notes: all of it, nothing twice, nothing that wasn't logged, each file with its bytes. The counts
are printed, and kept as data with --out.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from headrace.client.outbox.files import journals
from headrace.client.outbox.waiting import Waiting
from headrace.errors import HeadraceError, NotFound
from tests.crash.found import on_server
from tests.crash.proxy import Proxy
from tests.crash.trainer import kind

HERE = Path(__file__).parent
RECORDS = 500
RECORDS_ON_FULL_DISK = 250  # most of which wait for the server
FAULTS = (
    "none",
    "kill client",
    "kill server",
    "late server",
    "hold",
    "reset",
    "delay",
    "truncate",
    "full disk",
    "torn tail",
)
KINDS = {"point": "points", "row": "points", "param": "params", "output": "outputs", "file": "files"}
START_S, END_S = 30.0, 120.0


@dataclass
class Counts:
    """rounds, by fault. noted: records and files that a call returned for; logged: what they held, by kind. lost,
    twice, invented: must stay 0. torn: records that were cut off with a journal's tail, which stands for a power cut.
    in_flight: that were there although their call didn't return. undelivered: journals that sync couldn't send."""

    rounds: Counter[str] = field(default_factory=Counter)
    noted: int = 0
    logged: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    lost: int = 0
    twice: int = 0
    invented: int = 0
    torn: int = 0
    undelivered: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.twice or self.invented or self.undelivered or self.problems)


class Server:
    """`headrace server` on a port of its own, which it keeps when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "headrace", "server", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        ends = time.monotonic() + START_S
        while time.monotonic() < ends:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError("the server doesn't start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@dataclass
class Round:
    fault: str
    folder: Path
    server: Server
    proxy: Proxy
    counts: Counts

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"

    @property
    def records(self) -> int:
        return RECORDS_ON_FULL_DISK if self.fault == "full disk" else RECORDS

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def run(self) -> None:
        with self._disk():
            if self.fault == "late server":
                self.server.kill()
            trainer = self._started()
            try:
                self._fault(trainer)
                self._end(trainer)
            finally:
                if trainer.poll() is None:
                    trainer.kill()
                    trainer.wait()
            self.proxy.set("pass")
            self._sync()
        self._compare()

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        self.journal.mkdir(parents=True)
        if self.fault != "full disk":
            yield
            return
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", self.journal], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", self.journal], check=True)

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": self.uri,
            "HEADRACE_JOURNAL_DIR": str(self.journal),
            "HEADRACE_FLUSH_TIMEOUT": "60" if self.fault == "full disk" else "1",
            "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
            "PYTHONFAULTHANDLER": "1",
        }
        with (self.folder / "trainer.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, HERE / "trainer.py", str(self.records), self.notes],
                env=environment,
                stderr=log,
                stdout=log,
            )

    @property
    def notes(self) -> Path:
        return self.folder / "notes"

    def _fault(self, trainer: subprocess.Popen[bytes]) -> None:
        """At a random moment of the training, or soon after it."""
        ends, moment = time.monotonic() + START_S, random.randrange(1, self.records)
        while time.monotonic() < ends and trainer.poll() is None and self._noted()[1] < moment:
            time.sleep(0.001)
        time.sleep(random.random() * 0.05)
        if self.fault in ("kill client", "torn tail"):
            trainer.send_signal(signal.SIGKILL)
        elif self.fault == "late server":
            self.server.start()
        elif self.fault == "kill server":
            self.server.kill()
            time.sleep(random.random() * 0.3)
            self.server.start()
        elif self.fault in ("hold", "reset", "delay", "truncate"):
            self.proxy.set(self.fault)  # type: ignore[arg-type]
            time.sleep(random.random() * 0.5)
            self.proxy.set("pass")

    def _end(self, trainer: subprocess.Popen[bytes]) -> None:
        try:
            status = trainer.wait(END_S)
        except subprocess.TimeoutExpired:
            trainer.send_signal(signal.SIGABRT)  # prints where its threads are
            status = trainer.wait()
        if status not in (0, -signal.SIGKILL):
            log = (self.folder / "trainer.log").read_text(errors="replace")
            self.counts.problems.append(f"{self.fault}: the training ended with {status}: {log[-4000:]}")
        if self.fault == "torn tail":
            self._tear()

    def _tear(self) -> None:
        for segments in journals(self.journal).values():
            path, size = segments[-1].path, segments[-1].path.stat().st_size
            with path.open("r+b") as file:
                file.truncate(max(0, size - random.randrange(200)))

    def _sync(self) -> None:
        if not any(self.journal.iterdir()):
            return  # all was sent
        ended = subprocess.run(
            [sys.executable, "-m", "headrace", "sync", self.journal, "--to", self.uri, "--remove"],
            capture_output=True,
            text=True,
            check=False,
        )
        waiting = Waiting(self.journal)
        left = [*self.journal.glob("*.journal"), *(each for run_id in waiting.runs() for each in waiting.looks(run_id))]
        if ended.returncode or left:
            self.counts.undelivered += 1
            self.counts.problems.append(f"{self.fault}: sync left {len(left)} files: {ended.stdout} {ended.stderr}")
        for rejected in self.journal.glob("*.rejected.jsonl"):
            self.counts.problems.append(f"{self.fault}: refused: {rejected.read_text()[:500]}")

    def _noted(self) -> tuple[str, int]:
        """(run id, number of records that calls returned for); "" before the run began."""
        if not self.notes.exists():
            return "", 0
        run_id, newline, dots = self.notes.read_bytes().partition(b"\n")
        return (run_id.decode(), len(dots)) if newline else ("", 0)

    def _compare(self) -> None:
        run_id, noted = self._noted()
        self.counts.rounds[self.fault] += 1
        if not run_id:
            return
        self.counts.noted += noted
        for number in range(1, noted + 1):
            self.counts.logged[KINDS[kind(number)]] += 10 if kind(number) == "row" else 1
        try:
            found = on_server(self.uri, run_id)
        except NotFound:
            found = Counter()
        except HeadraceError as error:
            self.counts.problems.append(f"{self.fault}: {error.message}")
            return
        missing = [number for number in range(1, noted + 1) if not found[number]]
        if self.fault == "torn tail":
            journalled = [number for number in range(1, noted + 1) if kind(number) != "file"]  # files lie beside it
            if missing == journalled[len(journalled) - len(missing) :]:
                self.counts.torn += len(missing)  # the end, and only the end
                missing = []
        self.counts.lost += len(missing)
        self.counts.twice += sum(times > 1 for times in found.values())
        self.counts.in_flight += sum(number > noted for number in found)
        self.counts.invented += sum(number > noted + 1 or number < 1 for number in found)
        if missing:
            self.counts.problems.append(f"{self.fault}: {len(missing)} of {noted} are missing, first {missing[:5]}")


def rounds(count: int, folder: Path, seed: int, progress: bool = False) -> Counts:
    random.seed(seed)
    counts = Counts()
    server = Server(folder / "server")
    server.folder.mkdir(parents=True)
    server.start()
    mounts = os.geteuid() == 0 and _can_mount(folder)
    faults = [fault for fault in FAULTS if mounts or fault != "full disk"]
    try:
        for number in range(count):
            place = folder / f"round{number}"
            place.mkdir()
            proxy = Proxy(("127.0.0.1", server.port))
            try:
                Round(faults[number % len(faults)], place, server, proxy, counts).run()
            finally:
                proxy.close()
            if counts.sound:
                shutil.rmtree(place)
            if progress:
                sys.stderr.write(f"\r{number + 1} of {count} rounds, {counts.noted} records, {counts.lost} lost ")
    finally:
        server.kill()
    return counts


def _can_mount(folder: Path) -> bool:
    place = folder / "mount"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, check=False).returncode:
        return False
    subprocess.run(["umount", place], check=True)
    return True


def parallel(count: int, folder: Path, seed: int, jobs: int) -> Counts:
    """Each job with a server of its own."""
    shares = [len(range(job, count, jobs)) for job in range(jobs)]
    counts = Counts()
    with ProcessPoolExecutor(jobs) as pool:
        places = [folder / f"job{job}" for job in range(jobs)]
        for place in places:
            place.mkdir()
        for done in pool.map(rounds, shares, places, range(seed, seed + jobs)):
            counts.add(done)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1, help="Rounds at a time.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--out", type=Path, help="Keep the counts there, as JSON.")
    asked = parser.parse_args()
    began = time.time()
    folder = Path(tempfile.mkdtemp(prefix="headrace-crash-"))
    if asked.jobs > 1:
        counts = parallel(asked.rounds, folder, asked.seed, asked.jobs)
    else:
        counts = rounds(asked.rounds, folder, asked.seed, progress=sys.stderr.isatty())
    if counts.sound:
        shutil.rmtree(folder)
    data = {
        "date": time.strftime("%Y-%m-%d", time.gmtime(began)),
        "seconds": round(time.time() - began),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
        "seed": asked.seed,
        **vars(counts),
        "rounds": dict(counts.rounds),
        "logged": dict(counts.logged),
    }
    print(json.dumps(data, indent=1))
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(data, indent=1) + "\n")
    sys.exit(0 if counts.sound else 1)


if __name__ == "__main__":
    main()
