"""Text for the shell: a value as one word, wherever in a command it stands.

A template may have its placeholder in quotes. There, as in MLflow's commands, the word is the value's *quoted* form, so
that a shell inside (`bash -c "train {name}"`) gets it quoted, too; the quotes around are closed and opened again, so
that the outer shell doesn't look into it. Where no quoting helps (comments, backquotes, here documents) only values of
plain characters are let in.
"""

from __future__ import annotations

import re
import shlex
from enum import Enum

from headrace.errors import InvalidValue

# Where quotes inside of these begin and end depends on more than their look: such a template is raw as a whole.
_OPAQUE = re.compile(r"""`|\$\{[^}]*['"\\$(]|\$\(.*\bcase\b""", re.DOTALL)


class Context(Enum):
    """Where a placeholder stands."""

    BARE = "outside of quotes"
    SINGLE = "in single quotes"
    DOUBLE = "in double quotes"
    ANSI = "in $'…'"
    RAW = "in a comment, backquotes, ${…} or a here document"


def quoted(text: str) -> str:
    """One word for sh and bash. InvalidValue for NUL, which no argument can hold."""
    if "\0" in text:
        raise InvalidValue("parameter", text, "an argument of a program can't hold NUL.")
    return shlex.quote(text)


def inserted(value: str, context: Context) -> str:
    """What stands in the command for a value."""
    word = quoted(value)
    if word == value or context is Context.BARE:
        return word
    match context:
        case Context.SINGLE:
            return f"'{shlex.quote(word)}'"
        case Context.DOUBLE:
            return f'"{shlex.quote(word)}"'
        case Context.ANSI:
            return f"'{shlex.quote(word)}$'"
        case _:
            raise InvalidValue(
                "parameter",
                value,
                f"the command has its placeholder {context.value}, where only letters, digits and @%+=:,./-_ are safe. "
                "Move the placeholder out of there.",
            )


class Position:
    """Follows the shell's quoting through a template. Reads what stands between placeholders, piece by piece."""

    def __init__(self, template: str) -> None:
        self._raw = bool(_OPAQUE.search(template))
        self._stack: list[str] = [""]
        self._before = " "
        self._escapes = False  # the last character was a backslash that takes the next one

    @property
    def context(self) -> Context:
        top = self._stack[-1]
        if self._raw or "${" in self._stack or top == "#" or self._escapes or (top != '"' and self._before == "$"):
            return Context.RAW
        return {"'": Context.SINGLE, '"': Context.DOUBLE, "$'": Context.ANSI}.get(top, Context.BARE)

    def pass_over(self, text: str) -> None:
        self._escapes, at = False, 0
        while at < len(text):
            at += self._step(text[at : at + 3])
            self._before = text[min(at, len(text)) - 1]

    def pass_value(self) -> None:
        self._before, self._escapes = "v", False

    def _step(self, rest: str) -> int:
        """Characters that were read."""
        top, here = self._stack[-1], rest[0]
        if top in ("'", "#"):
            if here == (top if top == "'" else "\n"):
                self._stack.pop()
            return 1
        if here == "\\":
            self._escapes = len(rest) == 1
            return 2
        if top == "$'":
            if here == "'":
                self._stack.pop()
            return 1
        if rest[:2] in ("$(", "${"):
            self._stack.append(rest[:2])
            return 2
        if here == '"':
            if top == '"':
                self._stack.pop()
            else:
                self._stack.append('"')
            return 1
        return 1 if top == '"' else self._bare(rest)

    def _bare(self, rest: str) -> int:
        top, here = self._stack[-1], rest[0]
        if rest[:2] == "$'":
            self._stack.append("$'")
            return 2
        if rest[:2] == "<<":
            self._raw = self._raw or rest != "<<<"
            return len(rest)
        if here in "'(":
            self._stack.append(here)
        elif (here == ")" and top in ("(", "$(")) or (here == "}" and top == "${"):
            self._stack.pop()
        elif here == "#" and (self._before.isspace() or self._before in ";&|()"):
            self._stack.append("#")
        return 1
