"""The shape of a dialect: what one resource's filters and orders may name. Data for the one parser, no code.

Source of the rows: MLflow's search grammar as its server answers (quoting, aliases and comparators differ by resource).
"""

from __future__ import annotations

from typing import Literal

import msgspec

from headrace.query.ast import Entity, Operator, Order

Kind = Literal["text", "int", "float", "id", "number_text"]
"""How values of a field are written and compared.

int: int64. float: a double. id: a quoted decimal integer, compared and ordered as a number (an experiment's id).
number_text: a number that filters compare as the text of its digits, and orders as a number.
"""

EQUALITY: tuple[Operator, ...] = ("=", "!=")
PATTERN: tuple[Operator, ...] = ("LIKE", "ILIKE")
MEMBER: tuple[Operator, ...] = ("IN", "NOT IN")
PRESENCE: tuple[Operator, ...] = ("IS NULL", "IS NOT NULL")
NUMERIC: tuple[Operator, ...] = ("=", "!=", ">", ">=", "<", "<=")
TEXT: tuple[Operator, ...] = EQUALITY + PATTERN


class Field(msgspec.Struct, frozen=True):
    """operators: empty = it can't be filtered by. order: may be ordered by; alias_order: by its aliases too.

    stored_as: the (entity, key) that a filter looks at instead. quoted: an int may also stand in quotes.
    fractions: an int may be compared with a fraction.
    """

    name: str
    kind: Kind
    operators: tuple[Operator, ...]
    aliases: tuple[str, ...] = ()
    order: bool = True
    alias_order: bool = True
    stored_as: tuple[Entity, str] | None = None
    quoted: bool = False
    fractions: bool = True


class OpenEntity(msgspec.Struct, frozen=True):
    """An entity whose keys the user chose (metrics, params, tags)."""

    kind: Kind
    operators: tuple[Operator, ...]
    order: bool = True


class Dialect(msgspec.Struct, frozen=True):
    """noun: plural, for messages. entities: accepted prefix → entity. keys: fields by entity; open: free keys.

    default_order: where the caller names no key. ties: what is appended to the caller's keys (keys that are there
    already are not repeated); the last one is unique. bare_values: text may stand unquoted, only single quotes are
    stripped (logged models).
    """

    noun: str
    entities: dict[str, Entity]
    fields: dict[Entity, tuple[Field, ...]]
    open: dict[Entity, OpenEntity]
    default_order: Order
    ties: Order
    bare_values: bool = False

    def field(self, entity: Entity, name: str) -> Field | None:
        """By canonical name or alias."""
        for field in self.fields.get(entity, ()):
            if name == field.name or name in field.aliases:
                return field
        return None

    def kind(self, entity: Entity, key: str) -> Kind:
        """Of a key that the parser let pass."""
        if entity in self.open:
            return self.open[entity].kind
        field = self.field(entity, key)
        assert field is not None, f"{entity}.{key} is no field of {self.noun}"
        return field.kind
