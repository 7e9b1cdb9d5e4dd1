"""`headrace run --sweep` and `--resume`: many runs of a project, the line that tells how far they are, the table at the
end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from headrace import clock
from headrace.cli import cells
from headrace.cli.output import say, show, table
from headrace.cli.run_options import given, only

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.projects.sweeps.outcome import Standing, SweepResult

SHOWN_TRIALS = 10  # in the table; the parent run keeps all
QUIET_S = 10.0  # between two lines of progress where there is no terminal to write over the last one
REDRAW_S = 0.1

_OPTIONS = (
    click.option(
        "--sweep",
        metavar="KIND",
        help="Run it for many values of -P: grid, random:N, optuna or optuna:SAMPLER. Values are written a,b,c, "
        "float:0..1, log:1e-4..1e-1, int:2..8 or logint:16..1024, ranges with /STEP if need be.",
    ),
    click.option("--metric", metavar="NAME", help="Of a sweep: what its trials are compared by."),
    click.option("--minimize", "direction", flag_value="minimize", help="The least value of --metric is the best."),
    click.option("--maximize", "direction", flag_value="maximize", help="The greatest value of --metric is the best."),
    click.option("--trials", type=int, metavar="N", help="Of a sweep: how many, where it isn't a grid."),
    click.option("--jobs", type=int, metavar="N", help="Of a sweep: trials at a time. [default: 1]"),
    click.option("--seed", type=int, metavar="N", help="Of a sweep: of all that it draws. [default: drawn, and kept]"),
    click.option(
        "--pruner",
        metavar="NAME",
        help="Of a sweep by optuna, what ends hopeless trials: none, median, hyperband, halving. [default: median]",
    ),
    click.option("--resume", metavar="RUN", help="Go on with a sweep that was stopped, or with more --trials."),
)
_OWN = ("sweep", "metric", "direction", "trials", "jobs", "seed", "pruner", "resume")
_OF_RESUME = ("resume", "trials", "jobs", "backend_config")


def sweep_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def carried_out(uri: str | None, options: dict[str, Any]) -> bool:
    """Whether the command line asked for a sweep, which is over then. Takes the options of sweeps away."""
    own = {name: options.pop(name) for name in _OWN}
    if own["resume"] is not None:
        only(_OF_RESUME, "--resume", "a sweep goes on as it began")
        _resume(own, options["backend_config"])
        return True
    if own["sweep"] is None:
        strays = [name for name in _OWN if given(name)]
        if strays:
            flag = "--minimize and --maximize belong" if strays[0] == "direction" else f"--{strays[0]} belongs"
            raise click.UsageError(f"{flag} to --sweep KIND.")
        return False
    if given("run_id"):
        raise click.UsageError("--run-id names one run, and --sweep makes many. --resume goes on with a sweep.")
    if uri is None:
        raise click.UsageError("Missing argument 'URI'.")
    _sweep(uri, own, options)
    return True


def _sweep(uri: str, own: dict[str, Any], options: dict[str, Any]) -> None:
    from headrace.projects.sweeps import sweep

    options.pop("run_id")
    line = ProgressLine()
    with line:
        result = sweep(
            uri,
            options.pop("params"),
            own["sweep"],
            metric=own["metric"],
            direction=own["direction"],
            trials=own["trials"],
            jobs=1 if own["jobs"] is None else own["jobs"],
            seed=own["seed"],
            pruner=own["pruner"],
            progress=line.say,
            changed=line.show,
            **options,
        )
    _told(result)


def _resume(own: dict[str, Any], backend_config: Any) -> None:
    from headrace.projects.sweeps import resume

    line = ProgressLine()
    with line:
        result = resume(
            own["resume"],
            trials=own["trials"],
            jobs=1 if own["jobs"] is None else own["jobs"],
            backend_config=backend_config,
            progress=line.say,
            changed=line.show,
        )
    _told(result)


def _told(result: SweepResult) -> None:
    show(result.as_dict(), lambda: _table(result))
    best, counts = result.best, result.counts
    if best is not None and result.plan.metric is not None:
        parameters = " ".join(f"{name}={cells.one_line(best.parameters[name])}" for name in result.columns())
        say(f"Best {result.plan.metric}: {cells.number(best.value)} with {parameters} (run {best.run_id})")
    ended = f"{counts.finished} finished, {counts.failed} failed"
    say(f"Sweep {result.run_id}: {ended}{f', {counts.pruned} pruned' if counts.pruned else ''} of {counts.total}")
    say(f"Look at it: headrace runs describe --run-id {result.run_id}")
    if not counts.finished:
        click.get_current_context().exit(1)


def _table(result: SweepResult) -> RenderableType:
    names, metric = result.columns(), result.plan.metric
    trials = result.ranked()[:SHOWN_TRIALS]
    rows = [
        [
            trial.number,
            *(cells.one_line(trial.parameters[name], 40) for name in names),
            *([cells.number(trial.value)] if metric else []),
            trial.state,
            cells.duration(0, trial.duration_ms),
            trial.run_id,
        ]
        for trial in trials
    ]
    left = len(result.trials) - len(trials)
    return table(
        ["Trial", *names, *([metric] if metric else []), "State", "Took", "Run"],
        rows,
        title=f"The first {len(trials)} of {len(result.trials)} trials" if left else "",
        right=["Trial", *([metric] if metric else [])],
    )


class ProgressLine:
    """One line on standard error that is written over itself; without a terminal, a line every now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown, self._at_s = "", 0.0

    def __enter__(self) -> ProgressLine:
        self._at_s = clock.monotonic_s()
        return self

    def __exit__(self, *_: object) -> None:
        self._wipe()

    def say(self, text: str) -> None:
        line = self._shown
        self._wipe()
        say(text)
        if line:
            self._draw(line)

    def show(self, standing: Standing) -> None:
        now_s = clock.monotonic_s()
        if self._terminal:
            if now_s - self._at_s >= REDRAW_S:
                self._at_s = now_s
                self._draw(sentence(standing))
        elif now_s - self._at_s >= QUIET_S:
            self._at_s = now_s
            say(sentence(standing))

    def _draw(self, line: str) -> None:
        self._shown = line
        width = shutil.get_terminal_size().columns - 1  # a full line would wrap
        click.echo(f"\r{cells.one_line(line, width)}\x1b[K", nl=False, err=True)

    def _wipe(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
        self._shown = ""


def sentence(standing: Standing) -> str:
    """`12/50 trials, 1 failed, 2 running; best 0.0431 (trial 7); 3.1/s, 13 s left`"""
    counts, best = standing.counts, standing.best
    parts = [f"{counts.ended}/{counts.total} trials"]
    for number, what in ((counts.failed, "failed"), (counts.pruned, "pruned"), (counts.running, "running")):
        parts += [f"{number} {what}"] if number else []
    said = ", ".join(parts)
    if best is not None and best.value is not None:
        said += f"; best {cells.number(best.value)} (trial {best.number})"
    if standing.here and standing.elapsed_ms:
        per_s = standing.here * 1000 / standing.elapsed_ms
        left_ms = round((counts.total - counts.ended) / per_s * 1000)
        said += f"; {per_s:.2g}/s, {cells.duration(0, left_ms)} left"
    return said
