"""Groups and commands of the command line: nouns imported on use, near misses named, examples below the options."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import click

from headrace.cli.problem import told
from headrace.cli.session import json_option, tracking_uri_option


class Noun(NamedTuple):
    place: str  # "package.module:name" of a click command
    help: str  # the command's first line, repeated here so that the list of nouns imports none of them


class Command(click.Command):
    """Takes `--json`, and `--tracking-uri` unless it speaks to no tracking store."""

    def __init__(
        self, *args: Any, examples: Sequence[str] = (), tracking: bool = True, json: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        if tracking:
            tracking_uri_option(self)
        if json:
            json_option(self)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"{' ' * formatter.current_indent}{line}\n")


class Group(click.Group):
    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            names = self.list_commands(ctx)
            near = get_close_matches(name, names)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
            raise click.UsageError(f"No such command {name!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)


class Nouns(Group):
    """The root. Every error of the tree that a command raises is told here, in one place."""

    def __init__(
        self,
        *args: Any,
        nouns: Mapping[str, Noun],
        hidden: Mapping[str, Noun],
        aliases: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        """hidden: nouns that programs call, not people."""
        super().__init__(*args, **kwargs)
        self.nouns, self.hidden_nouns, self.aliases = nouns, hidden, aliases

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature, here and below
        return list(self.nouns)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        noun = self.nouns.get(self.aliases.get(cmd_name, cmd_name)) or self.hidden_nouns.get(cmd_name)
        if noun is None:
            return None
        module, _, name = noun.place.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, noun.help) for name, noun in self.nouns.items()])

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with told():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with told():
            return super().invoke(ctx)
