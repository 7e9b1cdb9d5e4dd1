"""The command line: one noun a file, imported only when it is used, so that `headrace --help` answers at once.

A command parses, makes one call and prints: data to stdout, talk to stderr, JSON with `--json`.
"""

from __future__ import annotations

import click

from headrace.cli.group import Noun, Nouns
from headrace.cli.session import Session, json_option, tracking_uri_option

__all__ = ["main"]

NOUNS = {
    "server": Noun("headrace.cli.server:server", "Serve a store: web pages, and REST for any MLflow client."),
    "experiments": Noun("headrace.cli.experiments:experiments", "Make, find and change experiments."),
    "runs": Noun("headrace.cli.runs:runs", "List, describe, compare and export runs."),
    "artifacts": Noun("headrace.cli.artifacts:artifacts", "Upload, list and download the files of runs."),
    "run": Noun("headrace.cli.run:run", "Run a project: a folder, a git repository or an archive, as a run."),
    "lock": Noun("headrace.cli.lock:lock", "Fix the exact versions of a project's environment, with hashes."),
    "models": Noun(
        "headrace.cli.models:models",
        "Serve models, score files with them; describe, verify, trust and register them.",
    ),
    "deployments": Noun(
        "headrace.cli.deployments:deployments",
        "Put models where they are to run: this machine, Ray, a cluster, a cloud; `deploy` for short.",
    ),
    "serve": Noun(
        "headrace.cli.models_serve:serve",
        "Serve models over HTTP: MLflow's requests, OpenAI's, the Open Inference Protocol's.",
    ),
    "monitor": Noun(
        "headrace.cli.monitor:monitor",
        "Compare what a served model was asked with its training data, column by column.",
    ),
    "samples": Noun("headrace.cli.samples:samples", "List requests to served models that were kept, or export them."),
    "webhooks": Noun("headrace.cli.webhooks:group", "Tell other programs what happens to registered models."),
    "sync": Noun(
        "headrace.cli.sync:sync",
        "Send journals to their store: what was logged offline, or what an ended process could not deliver.",
    ),
    "users": Noun("headrace.cli.users:users", "Manage who may use a server, and their tokens."),
    "db": Noun("headrace.cli.db:db", "Look at and upgrade the schema of a database."),
    "doctor": Noun("headrace.cli.doctor:doctor", "Check this installation and its store, and say what to mend."),
}
HIDDEN = {"store-server": Noun("headrace.cli.store_server:store_server", "Serve one store to a project's commands.")}
ALIASES = {"deploy": "deployments", "ui": "server"}


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from headrace import __version__

        click.echo(f"headrace, version {__version__}")
        context.exit()


def _load_env_file(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value and not context.resilient_parsing:
        from headrace.cli.env_file import load

        load(value)


@click.group(cls=Nouns, nouns=NOUNS, hidden=HIDDEN, aliases=ALIASES, context_settings={"max_content_width": 120})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.option(
    "--env-file",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=_load_env_file,
    help="Set environment variables from lines NAME=VALUE first; those that are set already stay.",
)
@tracking_uri_option
@json_option
@click.pass_context
def main(context: click.Context) -> None:
    """Experiment tracking that MLflow users already know.

    Runs are read from and written to the tracking URI: --tracking-uri, else HEADRACE_TRACKING_URI or
    MLFLOW_TRACKING_URI, else the embedded store in ./.headrace.
    """
    context.ensure_object(Session)
