"""The command of an entry point, with the parameters in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

from headrace.errors import InvalidValue
from headrace.projects.mlproject import EntryPoint
from headrace.projects.quoting import Position, inserted


def command(entry_point: EntryPoint, values: Mapping[str, str], extra: Mapping[str, str]) -> str:
    """Text for the shell. values: of declared parameters, put where the template names them. extra: of others, at the
    end as `--key value`."""
    position, pieces = Position(entry_point.command), list[str]()
    for literal, name in _pieces(entry_point):
        position.pass_over(literal)
        pieces.append(literal)
        if name is not None:
            pieces.append(_inserted(name, values, position, entry_point))
            position.pass_value()
    if not extra:
        return "".join(pieces)
    # A block of YAML ends with a newline, after which the options would be a command of their own.
    found = "".join(pieces).rstrip()
    position.pass_over(" ")
    for key, value in extra.items():
        # The key is a word too: it may not smuggle anything in either.
        found += f" --{_at(position, key, key)} {_at(position, key, value)}"
    return found


def _at(position: Position, name: str, text: str) -> str:
    try:
        return inserted(text, position.context)
    except InvalidValue as error:
        raise InvalidValue(f"parameters.{name}", text, error.allowed) from None


def _inserted(name: str, values: Mapping[str, str], position: Position, entry_point: EntryPoint) -> str:
    if name not in values:
        raise InvalidValue(
            "command",
            entry_point.command,
            f"{{{name}}} is no parameter of entry point {entry_point.name!r}; declare it, or write {{{{ and }}}} for "
            "braces that the shell shall see.",
        )
    return _at(position, name, values[name])


def _pieces(entry_point: EntryPoint) -> Iterator[tuple[str, str | None]]:
    try:
        for literal, name, form, conversion in Formatter().parse(entry_point.command):
            if form or conversion:
                # A format cuts and pads the quoted text: its quotes might be gone.
                raise InvalidValue(
                    "command", entry_point.command, f"{{{name}}} is put in as it is; leave out its format."
                )
            yield literal, name
    except ValueError as error:
        raise InvalidValue(
            "command", entry_point.command, f"{error}; write {{{{ and }}}} for braces that the shell shall see."
        ) from None
