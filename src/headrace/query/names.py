"""From written names (`tags.'a b'`, `Run Name`, `metric.loss`) to canonical (entity, field or key) of a dialect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from headrace.errors import shown
from headrace.query.ast import Entity
from headrace.query.dialect import Dialect, Field
from headrace.query.lexer import Token

_GUESSED_CHARS = 64  # of a wrong name that are compared with the right ones


class WrongName(Exception):
    """Why the pieces are no name of the dialect."""


class Name(msgspec.Struct, frozen=True):
    """field None: the key is the user's own. alias: written by another than its canonical name."""

    entity: Entity
    key: str
    field: Field | None = None
    alias: bool = False


def written_name(pieces: Sequence[Token]) -> tuple[str | None, str]:
    """(prefix or None, key) of adjacent tokens. The prefix ends at the first dot outside quotes."""
    first, rest = pieces[0], pieces[1:]
    prefix: str | None = None
    if first.kind == "word" and "." in first.text:
        prefix, _, key = first.text.partition(".")
    elif first.quote == "`" and rest and rest[0].kind == "word" and rest[0].text.startswith("."):
        prefix, key = first.text, rest[0].text[1:]
        rest = rest[1:]
    elif first.quote == "'":
        raise WrongName(f"a name was expected, not the text {first.source()}.")
    else:
        prefix, key = None, first.text
    if rest:
        if key or len(rest) > 1 or prefix is None:
            raise WrongName("a key is quoted whole or not at all, as in tags.`my key`.")
        key = rest[0].text
    if not key:
        raise WrongName("the key is empty.")
    return prefix, key


def resolve(dialect: Dialect, prefix: str | None, key: str) -> Name:
    entity = dialect.entities.get(prefix) if prefix is not None else "attribute"
    if entity is None:
        raise WrongName(
            f"unknown entity {shown(prefix)}; allowed for {dialect.noun}: "
            f"{listed(dialect.entities)}{did_you_mean(str(prefix), dialect.entities)}"
        )
    if entity in dialect.open:
        return Name(entity, key)
    field = dialect.field(entity, key)
    if field is None:
        names = [field.name for field in dialect.fields[entity]]
        raise WrongName(
            f"{dialect.noun} have no {entity} {shown(key)}; allowed: {listed(names)}"
            f"{did_you_mean(key, names) or _entity_hint(dialect, prefix, key)}"
        )
    return Name(entity, field.name, field, alias=key != field.name)


def _entity_hint(dialect: Dialect, prefix: str | None, key: str) -> str:
    if prefix is not None or not dialect.open:
        return ""
    spellings = (f"{entity}s.{key[:40]}" for entity in dialect.open)
    return f" A key of your own needs its entity before it: {listed(spellings)}"


def listed(names: Iterable[str]) -> str:
    return ", ".join(names) + "."


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:_GUESSED_CHARS].lower(), list(allowed), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
