"""The command reference of docs/cli.md, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from headrace.cli import main
from headrace.cli.group import Command
from tools.pages import run

SHARED = ("json", "tracking_uri", "help")  # told once, at the top


def leaves(group: click.Group, context: click.Context, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if command.hidden or command.name != name:  # another name of a command that is told elsewhere
            continue
        if isinstance(command, click.Group):
            with click.Context(command, parent=context, info_name=name) as inner:
                yield from leaves(command, inner, (*path, name))
        else:
            yield " ".join((*path, name)), command


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def option_row(option: click.Option, context: click.Context) -> str:
    names = [f"`{name}`" for name in sorted(option.opts, key=len, reverse=True)]
    spelled = ", ".join(names) + (f" / `{option.secondary_opts[0]}`" if option.secondary_opts else "")
    if not option.is_flag and not option.count:
        spelled += f" {cell(option.make_metavar(context))}"
    notes = [option.help.rstrip(".") + "." if option.help else ""]
    default = option.get_default(context, call=False)
    if option.show_default and default is not None and not callable(default):
        notes.append(f"Default `{default}`.")
    if option.envvar:
        variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar
        notes.append(f"Or {', '.join(f'`{name}`' for name in variables)}.")
    return f"| {spelled} | {'yes' if option.required else ''} | {cell(' '.join(note for note in notes if note))} |"


def section(path: str, command: click.Command, context: click.Context) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [
        each
        for each in command.params
        if isinstance(each, click.Option) and each.name not in SHARED and not each.hidden and each.expose_value
    ]
    usage = " ".join([path, *(each.make_metavar(context) for each in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"### {path}", "\n\n".join(" ".join(each.split()) for each in (command.help or "").split("\n\n"))]
    parts.append(f"```text\nheadrace {usage}\n```")
    if options:
        rows = [option_row(each, context) for each in options]
        parts.append("\n".join(["| option | required | |", "| --- | --- | --- |", *rows]))
    if isinstance(command, Command) and command.examples:
        parts.append("```text\n" + "\n".join(command.examples) + "\n```")
    return "\n\n".join(parts)


def generate() -> str:
    with click.Context(main, info_name="headrace") as context:
        found = list(leaves(main, context, ()))
        parts = []
        noun = None
        for path, command in found:
            if path.split()[0] != noun:
                noun = path.split()[0]
                parts.append(f"## {noun}\n\n{main.nouns[noun].help}")
            with click.Context(command, parent=context, info_name=path) as inner:
                parts.append(section(path, command, inner))
    return "\n\n".join(parts)


if __name__ == "__main__":
    run("cli.md", "gen_cli_docs", generate)
