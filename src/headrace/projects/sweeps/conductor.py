"""Carries out the trials of a sweep, some at a time, and ends those that are hopeless.

Each of the `jobs` threads takes the next trial, starts it, waits for it and tells the proposer what came of it. One
more thread reads the metrics of running trials where hopeless ones are to be ended. What ends all of it early (Ctrl-C,
a trial that can't be started, a metric that nobody logs) ends the running trials first.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from headrace import clock
from headrace.errors import InvalidValue, ServiceError
from headrace.projects.launch import Progress
from headrace.projects.recorded import RecordedRun, ending
from headrace.projects.sweeps.book import Book
from headrace.projects.sweeps.outcome import Counts, Standing, best_of
from headrace.projects.sweeps.plan import Plan
from headrace.projects.sweeps.proposals import Proposer
from headrace.projects.sweeps.trial import Trial

Begin = Callable[[int, Mapping[str, str]], RecordedRun]
"""Starts the trial of that number."""

WATCH_S = 0.5  # between two looks at the metrics of running trials: an epoch takes longer where ending it early pays
LOOKS_FOR_METRIC = 3  # trials that finish without the metric until it is clear that none will log it
SHOWN_FAILURES = 3  # whose output is shown: the others mostly say the same
SHOWN_LINES = 5


class MetricMissing(InvalidValue):
    """No trial logs the metric that the sweep compares."""


@dataclass
class _Running:
    trial: Trial
    handle: RecordedRun
    seen: int = 0  # points that the proposer had a look at


class Conductor:
    def __init__(
        self,
        plan: Plan,
        proposer: Proposer,
        begin: Begin,
        book: Book,
        *,
        ended: Sequence[Trial] = (),
        again: Mapping[int, Mapping[str, str]] | None = None,
        tell: Progress,
        changed: Callable[[Standing], None],
    ) -> None:
        """ended: before this process. again: parameters of the trials that were interrupted, by number. changed: called
        whenever something began or ended, by one thread at a time."""
        self._plan, self._proposer, self._begin, self._book = plan, proposer, begin, book
        self._again = dict(again or {})
        self._tell, self._changed = tell, changed
        self._trials = {trial.number: trial for trial in ended}
        self._before = len(self._trials)
        self._counts: Counter[str] = Counter(trial.state for trial in ended)
        self._best = best_of(plan, ended)
        self._waiting = deque(number for number in range(plan.trials) if number not in self._trials)
        self._running: dict[int, _Running] = {}
        self._interrupted: list[Trial] = []
        self._failures = 0
        self._error: BaseException | None = None
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._started_ms = clock.now_ms()

    @property
    def trials(self) -> tuple[Trial, ...]:
        with self._lock:
            return (*sorted(self._trials.values(), key=lambda trial: trial.number), *self._interrupted)

    def conduct(self, jobs: int) -> None:
        """Returns when every trial ended. Raises what ended the sweep early, once nothing of it runs any more."""
        workers = [
            threading.Thread(target=self._work, name=f"headrace-sweep-{at}", daemon=True)
            for at in range(min(jobs, len(self._waiting)))
        ]
        watchers = []
        if self._plan.pruner != "none":
            watchers = [threading.Thread(target=self._watch, name="headrace-sweep-watch", daemon=True)]
        threads = [*workers, *watchers]
        try:
            for thread in threads:
                thread.start()
            for thread in workers:
                thread.join()
        except BaseException:
            self._stop()
            for thread in threads:
                thread.join()
            raise
        finally:
            self._over.set()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while True:
                running = self._next()
                if running is None:
                    return
                running.handle.wait()
                self._ended(running)
        except BaseException as error:  # noqa: BLE001 — of a thread; conduct raises it
            with self._lock:
                self._error = self._error or error
            self._stop()

    def _next(self) -> _Running | None:
        with self._lock:
            if self._over.is_set() or not self._waiting:
                return None
            number = self._waiting.popleft()
            parameters = self._proposer.propose(number, self._again.get(number))
        # Out of the lock: making a run and a process takes some ms, in which others may end.
        handle = self._begin(number, parameters)
        trial = Trial(number=number, parameters=parameters, run_id=handle.run_id)
        with self._lock:
            running = self._running[number] = _Running(trial, handle)
            self._show()
            over = self._over.is_set()
        if over:
            handle.cancel()
        return running

    def _ended(self, running: _Running) -> None:
        trial = self._book.judged(running.trial)
        # All of them: the last ones, or those of a short trial, weren't looked at while it ran.
        points = self._book.points(trial.run_id) if self._plan.pruner != "none" else []
        with self._lock:
            del self._running[trial.number]
            if trial.state == "interrupted" and not self._over.is_set():  # killed by others: that isn't the sweep's end
                trial = replace(trial, state="failed", reason="it was killed")
            if trial.ended:
                self._proposer.learn(trial, points)
                self._trials[trial.number] = trial
                self._counts[trial.state] += 1
                self._best = best_of(self._plan, [trial] if self._best is None else [self._best, trial])
            else:
                self._interrupted.append(trial)
            self._show()
            missing = self._metric_missing(trial)
        if trial.state == "failed":
            self._tell_of_failure(trial, running.handle)
        if missing is not None:
            raise missing

    def _metric_missing(self, trial: Trial) -> MetricMissing | None:
        metric = self._plan.metric
        if metric is None or trial.value is not None:
            return None
        ended = self._trials.values()
        without = [each for each in ended if each.unmeasured]
        if any(each.value is not None for each in ended) or len(without) < min(LOOKS_FOR_METRIC, self._plan.trials):
            return None
        names = sorted({name for each in without for name in self._book.logged(each.run_id)})
        there = f"they log {', '.join(map(repr, names))}" if names else "they log no metric at all"
        return MetricMissing("--metric", metric, f"no trial logs it; {there}.")

    def _tell_of_failure(self, trial: Trial, handle: RecordedRun) -> None:
        self._failures += 1
        if self._failures > SHOWN_FAILURES:
            return
        given = ", ".join(f"{name}={value}" for name, value in trial.parameters.items())
        how = trial.reason or ending(handle.exit_code)
        self._tell(f"Trial {trial.number} failed ({given}){f': {how}' if how else ''}")
        for line in deque(handle.logs(), SHOWN_LINES):
            self._tell(f"  {line.rstrip()}")
        if self._failures == SHOWN_FAILURES:
            self._tell("Of further failed trials only the number is shown; each run keeps its output.")

    def _watch(self) -> None:
        try:
            while not self._over.wait(WATCH_S):
                with self._lock:
                    running = list(self._running.values())
                for each in running:
                    self._look_at(each)
        except BaseException as error:  # noqa: BLE001 — of a thread; conduct raises it
            with self._lock:
                self._error = self._error or error
            self._stop()

    def _look_at(self, running: _Running) -> None:
        try:
            points = self._book.points(running.trial.run_id)
        except ServiceError:
            return  # the store is away; if it stays so, that ends the trials and the sweep
        if len(points) == running.seen:
            return
        running.seen = len(points)
        number = running.trial.number
        with self._lock:
            if number not in self._running or not self._proposer.hopeless(number, points):
                return
        step, value = max(points)
        self._book.prune(running.trial, f"{self._plan.metric} = {value:.6g} at step {step}: worse than other trials")
        running.handle.cancel()

    def _stop(self) -> None:
        """Ends what runs; returns when it has ended."""
        with self._lock:
            self._over.set()
            running = list(self._running.values())
        enders = [threading.Thread(target=each.handle.cancel, daemon=True) for each in running]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def _show(self) -> None:
        self._changed(
            Standing(
                counts=Counts.of(self._plan, self._counts, len(self._running)),
                best=self._best,
                here=len(self._trials) - self._before,
                elapsed_ms=clock.now_ms() - self._started_ms,
            )
        )
