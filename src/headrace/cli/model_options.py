"""Options of the commands that load models."""

from __future__ import annotations

import click

MANAGERS = ("local", "uv", "virtualenv", "conda")

env_manager_option = click.option(
    "--env-manager",
    type=click.Choice(MANAGERS),
    default="local",
    show_default=True,
    help="What builds the model's own environment; local: none, it runs where Headrace does.",
)
allow_pickle_option = click.option(
    "--allow-pickle/--forbid-pickle", default=None, help="Run code that the model brings, or refuse all."
)
