"""Takes the chosen rows through the chosen systems."""

import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.tracking.measure import Alone, Bench, Figure, Row, Serve, Size, nothing
from benchmarks.tracking.plan import GROUPS, SOLOS, Group
from benchmarks.tracking.process import settle
from benchmarks.tracking.systems import NOOP, Running, System, running

Measure = Callable[[], Figure]

NOOP_ANSWER = b'{"run":{"info":{"run_id":"' + b"0" * 32 + b'"}}}'
Results = dict[str, dict[str, Figure]]  # row id → system name (or "ceiling") → figure


@dataclass(frozen=True, kw_only=True)
class Runner:
    systems: Sequence[System]
    only: Sequence[str]  # row ids; empty = all
    size: Size
    folder: Path
    results: Results = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def wants(self, row: Row) -> bool:
        return not self.only or row.id in self.only

    def run(self) -> Results:
        for group in GROUPS:
            rows = [(row, serve) for row, serve in group.rows if self.wants(row)]
            if rows:
                self.ceilings(group, rows)
            for system in self.systems:
                self.group(system, group, [(row, s) for row, s in rows if system.name in row.systems])
        for solo in SOLOS:
            for system in self.systems:
                if self.wants(solo.row) and system.name in solo.row.systems:
                    self.keep(solo.row, system.name, self.alone(system, solo.row, solo.measure))
        return self.results

    def bench(self, system: System, stem: str, *, ceiling: bool = False) -> Bench:
        folder = self.folder / f"{stem}-{system.name}"
        folder.mkdir(parents=True, exist_ok=True)
        return Bench(size=self.size, folder=folder, ceiling=ceiling)

    def ceilings(self, group: Group, rows: Sequence[tuple[Row, Serve]]) -> None:
        rows = [(row, serve) for row, serve in rows if row.has_ceiling]
        if rows:
            bench = self.bench(NOOP, group.id, ceiling=True)
            (bench.folder / "answer.json").write_bytes(NOOP_ANSWER)
            with running(NOOP, bench.folder) as server:
                for row, serve in rows:
                    self.keep(row, "ceiling", guarded(partial(serve, server, bench)))

    def group(self, system: System, group: Group, rows: Sequence[tuple[Row, Serve]]) -> None:
        if not rows:
            return
        bench = self.bench(system, group.id)
        try:
            with running(system, bench.folder) as server:
                settle(server.tree)
                for row, serve in rows:
                    self.keep(row, system.name, self.served(server, bench, serve))
        except RuntimeError as why:
            for row, _ in rows:
                if system.name not in self.results.get(row.id, {}):
                    self.keep(row, system.name, nothing(f"failed: {why}"[:300]))

    def served(self, server: Running, bench: Bench, serve: Serve) -> Figure:
        before = server.tree.cpu_s()
        figure = guarded(lambda: serve(server, bench))
        figure.extra["server_cpu_s"] = round(server.tree.cpu_s() - before, 2)
        figure.extra["server_rss_mb"] = round(server.tree.memory().rss_mb, 1)  # after this row's load
        return figure

    def alone(self, system: System, row: Row, measure: Alone) -> Figure:
        return guarded(lambda: measure(system, self.bench(system, row.id)))

    def keep(self, row: Row, system: str, figure: Figure) -> None:
        self.results.setdefault(row.id, {})[system] = figure
        shown = f"{figure.value:,.3f} {row.unit}" if figure.value is not None else figure.note
        passed = time.monotonic() - self.began
        print(f"{passed // 60:3.0f}:{passed % 60:02.0f} {row.id:20} {system:12} {shown}", file=sys.stderr, flush=True)


def guarded(measure: Measure, tries: int = 2) -> Figure:
    """A row that fails is tried once more (MLflow's supervisor ends workers that are busy for some seconds), then told
    in the table; the others go on."""
    try:
        return measure()
    except Exception as why:  # noqa: BLE001  whatever a peer does wrong shall not end the run
        traceback.print_exc()
        if tries > 1:
            return guarded(measure, tries - 1)
        return nothing(f"failed: {type(why).__name__}: {why}"[:300])
