"""Options of the commands that listen: where, and for whom."""

from __future__ import annotations

import click


def names(name: str) -> list[str]:
    """Environment variables of an option: ours, and MLflow's."""
    return [f"HEADRACE_{name}", f"MLFLOW_{name}"]


def listed(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Callback of an option that takes a list with commas."""
    return tuple(item.strip() for item in (value or "").split(",") if item.strip())


host_option = click.option(
    "-h", "--host", envvar=names("HOST"), default="127.0.0.1", show_default=True, help="Address to listen on."
)
port_option = click.option(
    "-p",
    "--port",
    envvar=names("PORT"),
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    help="Port to listen on; 0: a free one.",
)
