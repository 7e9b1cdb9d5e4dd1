"""What the options of a command have to do with each other."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.core import ParameterSource

# Of every command; they go with anything.
_ALWAYS = ("json", "tracking_uri", "help")


def given(name: str) -> bool:
    """Whether the command line has the option or argument."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def only(names: Sequence[str], flag: str, why: str) -> None:
    """UsageError if the command line has others than these, which `flag` doesn't go with."""
    context = click.get_current_context()
    strays = [
        parameter.opts[-1] if isinstance(parameter, click.Option) else str(parameter.name).upper()
        for parameter in context.command.params
        if parameter.name not in (*names, *_ALWAYS) and given(str(parameter.name))
    ]
    if strays:
        raise click.UsageError(f"{', '.join(dict.fromkeys(strays))} can't go with {flag}: {why}.")
