"""`headrace run`: a project as a run, by the options of MLflow's command of that name, and what Headrace adds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from headrace.cli import run_replay, run_sweep
from headrace.cli.group import Command
from headrace.cli.model_options import MANAGERS
from headrace.cli.output import say
from headrace.cli.run_replay import replay_option
from headrace.cli.run_sweep import sweep_options

_BY_CTRL_C = 130


def parameters(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE pairs of an option that may be repeated."""
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE.", param=option)
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice.", param=option)
        found[name] = value
    return found


def _docker_args(_: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str | bool]:
    found: dict[str, str | bool] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if name in found or not name:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE or FLAG, each name once.", param=option)
        found[name] = value if equals else True
    return found


def _config(_: click.Context, option: click.Parameter, value: str | None) -> str | dict[str, Any] | None:
    """The path of a .json file, or the object itself."""
    if value is None or value.endswith(".json"):
        return value
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"neither the path of a .json file nor JSON: {error}.", param=option) from None
    if not isinstance(found, dict):
        raise click.BadParameter(f"{value!r} must be a JSON object.", param=option)
    return found


def project_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say what is run, and where."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS = (
    click.option(
        "--entry-point",
        "-e",
        default="main",
        show_default=True,
        metavar="NAME",
        help="Of the project; or a .py or .sh file of it.",
    ),
    click.option("--version", "-v", metavar="VERSION", help="Branch, tag or commit of a git project."),
    click.option(
        "--param-list",
        "-P",
        "params",
        metavar="NAME=VALUE",
        multiple=True,
        callback=parameters,
        help="A parameter; may be repeated.",
    ),
    click.option(
        "--docker-args",
        "-A",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_docker_args,
        help="Options of docker run, without their dashes: -A gpus=all -A t. May be repeated.",
    ),
    click.option("--experiment-name", metavar="NAME", help="Experiment of the run; made if it is missing."),
    click.option("--experiment-id", metavar="ID", help="The same, by id."),
    click.option("--backend", "-b", default="local", show_default=True, metavar="NAME", help="Where it runs."),
    click.option(
        "--backend-config", "-c", metavar="FILE|JSON", callback=_config, help="Of the backend: a .json file, or JSON."
    ),
    click.option(
        "--env-manager",
        type=click.Choice(MANAGERS),
        help="What builds the environment; local: none, it runs in this one. [default: by the project's files]",
    ),
    click.option("--storage-dir", metavar="DIR", type=click.Path(), help="Where remote files of parameters go."),
    click.option("--run-id", metavar="ID", help="Run that is there already, in the place of a new one."),
    click.option("--run-name", metavar="NAME", help="Name of the run."),
    click.option("--build-image", is_flag=True, help="Build the docker image with the project in it first."),
)


@click.command(
    "run",
    cls=Command,
    examples=[
        "headrace run . -P alpha=0.5",
        "headrace run https://github.com/org/project#training -v v1.2 -e train",
        "headrace run . -e evaluate.py --env-manager local --experiment-name nightly",
        "headrace run . -P lr=0.1,0.01 -P depth=int:2..8 --sweep grid --jobs 2",
        "headrace run . -P lr=log:1e-4..1e-1 --sweep optuna --metric val_loss --minimize --trials 50",
        "headrace run --resume SWEEP_RUN_ID",
        "headrace run --from-run RUN_ID",
    ],
)
@click.argument("uri", required=False)
@project_options
@sweep_options
@replay_option
def run(uri: str | None, **options: Any) -> None:
    """Run a project: a folder, a git repository or an archive, as a run.

    URI is a folder, a repository (https://…, ssh://…, git@host:path), a .zip or .tar.gz, or runs:/RUN_ID/path; #folder
    at its end names a folder inside. What the command prints is shown, and kept as the run's artifact
    project/output.log. The exit status is 0 if the run succeeded; of a sweep, if one of its trials did.
    """
    from headrace.cli.run_summary import tell
    from headrace.cli.session import session
    from headrace.projects import RunFailed
    from headrace.projects.runner import run as run_project

    if options["experiment_name"] and options["experiment_id"]:
        raise click.UsageError("Give one of --experiment-name and --experiment-id, not both.")
    if run_replay.carried_out(options) or run_sweep.carried_out(uri, options):
        return
    if uri is None:
        raise click.UsageError("Missing argument 'URI'.")
    try:
        done = run_project(uri, parameters=options.pop("params"), to_stderr=session().json, progress=say, **options)
    except KeyboardInterrupt:
        raise SystemExit(_BY_CTRL_C) from None  # a shell's status for it; what there is to say has been said
    except RunFailed as failure:
        if failure.run_id is not None:
            tell(failure.run_id)
        raise
    tell(done.run_id)
