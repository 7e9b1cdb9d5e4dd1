"""`headrace run --from-run`: a run once more, and the table of what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import cells
from headrace.cli.output import say, show, table
from headrace.cli.run_options import only
from headrace.cli.session import session

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.projects.replays import Replay

_ALLOWED = (
    "from_run",
    "experiment_name",
    "experiment_id",
    "backend",
    "backend_config",
    "env_manager",
    "storage_dir",
    "run_name",
)


def replay_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--from-run",
        metavar="RUN",
        help="Run that run's project once more, from its commit, lock and parameters, and show what differs.",
    )(function)


def carried_out(options: dict[str, Any]) -> bool:
    """Whether the command line asked for a replay, which is over then. Takes its option away."""
    from_run = options.pop("from_run")
    if from_run is None:
        return False
    only(_ALLOWED, "--from-run", "a replay takes project, entry point and parameters from the run")
    from headrace.cli.run_options import given
    from headrace.projects.replays import replay
    from headrace.projects.runner import chosen_experiment

    named = options["experiment_name"] or options["experiment_id"]
    done = replay(
        from_run,
        experiment_id=chosen_experiment(options["experiment_name"], options["experiment_id"]) if named else None,
        run_name=options["run_name"],
        env_manager=options["env_manager"],
        backend=options["backend"] if given("backend") else None,
        backend_config=options["backend_config"],
        storage_dir=options["storage_dir"],
        to_stderr=session().json,
        progress=say,
    )
    show(done.as_dict(), lambda: _table(done))
    for part, count in done.differences.compared.items():
        differing = len(done.differences.of(part))
        same = f"all {count} the same" if not differing else f"{count - differing} of {count} the same"
        say(f"{part.capitalize()}: {same if count else 'none'}")
    say(f"Run {done.run_id} replays {done.original_id}: headrace runs compare {done.original_id} {done.run_id}")
    return True


def _table(done: Replay) -> RenderableType:
    rows = [
        [row.part, row.name, _cell(row.before), _cell(row.after), cells.one_line(row.note)]
        for row in done.differences.rows
    ]
    if not rows:
        rows = [["nothing differs", "", "", "", ""]]
    return table(["Differs", "Name", "Then", "Now", ""], rows)


def _cell(text: str | None) -> str:
    return cells.MISSING if text is None else cells.one_line(text, 60)
