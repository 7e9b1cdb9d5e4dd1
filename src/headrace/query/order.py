"""Orders: what the caller asked, then the dialect's tie-breaks, so that every order is total."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.entities.limits import check_text
from headrace.entities.logged_model import ModelOrder
from headrace.errors import InvalidValue, shown
from headrace.query.ast import Order, OrderKey
from headrace.query.dialect import Dialect
from headrace.query.dialects import LOGGED_MODELS
from headrace.query.lexer import Token, syntax_error, tokens
from headrace.query.names import Name, WrongName, listed, resolve, written_name

FIELD = "order_by"
MAX_ORDER_KEYS = 20  # each may cost a join


def parse_order(elements: Sequence[str], dialect: Dialect) -> Order:
    """Elements are `name [ASC|DESC]`. InvalidValue for anything else, and for a key that is named twice."""
    check_count(len(elements))
    asked: list[OrderKey] = []
    for element in elements:
        key = _parse_element(element, dialect)
        if any((key.entity, key.key) == (other.entity, other.key) for other in asked):
            raise InvalidValue(FIELD, list(elements), f"{shown(element)} orders by a key that is there already.")
        asked.append(key)
    return completed(asked, dialect)


def parse_model_order(elements: Sequence[ModelOrder]) -> Order:
    """The order of a logged-model search. A key that is named twice counts where it stands first."""
    check_count(len(elements))
    asked: list[OrderKey] = []
    for element in elements:
        key = _model_key(element)
        if all(
            (key.entity, key.key, key.dataset_name, key.dataset_digest)
            != (other.entity, other.key, other.dataset_name, other.dataset_digest)
            for other in asked
        ):
            asked.append(key)
    return completed(asked, LOGGED_MODELS)


def completed(asked: Sequence[OrderKey], dialect: Dialect) -> Order:
    keys = list(asked) or list(dialect.default_order)
    there = {(key.entity, key.key) for key in keys}
    return (*keys, *(tie for tie in dialect.ties if (tie.entity, tie.key) not in there))


def check_count(count: int) -> None:
    if count > MAX_ORDER_KEYS:
        raise InvalidValue(FIELD, count, f"at most {MAX_ORDER_KEYS} keys are allowed.")


def _parse_element(element: str, dialect: Dialect) -> OrderKey:
    check_text(FIELD, element)
    found = tokens(FIELD, element)
    pieces: list[Token] = []
    for token in found:
        if token.kind not in ("word", "quoted") or (pieces and token.start != pieces[-1].end):
            break
        pieces.append(token)
    if not pieces:
        raise syntax_error(FIELD, element, found[0].start, f"a name was expected, not {found[0].source()}.")
    rest = found[len(pieces) :]
    direction = rest[0].keyword()
    if rest[0].kind != "end" and (direction not in ("ASC", "DESC") or rest[1].kind != "end"):
        wrong = rest[1] if direction in ("ASC", "DESC") else rest[0]
        raise syntax_error(
            FIELD,
            element,
            wrong.start,
            f"after a name only ASC or DESC is allowed, not {wrong.source()}; several keys are several elements.",
        )
    try:
        name = resolve(dialect, *written_name(pieces))
        _check_orderable(name, dialect)
    except WrongName as error:
        raise syntax_error(FIELD, element, pieces[0].start, str(error)) from None
    return OrderKey(name.entity, name.key, ascending=direction != "DESC")


def _check_orderable(name: Name, dialect: Dialect) -> None:
    if name.field is None:
        can = name.entity in dialect.open and dialect.open[name.entity].order
    else:
        can = name.field.order and (not name.alias or name.field.alias_order)
    if not can:
        raise WrongName(
            f"{dialect.noun} can't be ordered by {name.entity} {shown(name.key)}; allowed: {listed(orderable(dialect))}"
        )


def orderable(dialect: Dialect) -> list[str]:
    fields = [field.name for fields in dialect.fields.values() for field in fields if field.order]
    return fields + [f"{entity}s.KEY" for entity, keys in dialect.open.items() if keys.order]


def _model_key(element: ModelOrder) -> OrderKey:
    field, dataset, digest = element.field_name, element.dataset_name, element.dataset_digest
    for text in (field, dataset or "", digest or ""):
        check_text(FIELD, text)
    if digest and not dataset:
        raise InvalidValue(FIELD, digest, "dataset_digest needs dataset_name beside it.")
    prefix, dot, key = field.partition(".")
    try:
        name = resolve(LOGGED_MODELS, prefix if dot else None, key if dot else field)
        if dot and name.entity != "metric":
            raise WrongName(f"only metrics.KEY and attribute names can be ordered by, not {shown(field)}.")
        _check_orderable(name, LOGGED_MODELS)
    except WrongName as error:
        raise InvalidValue(FIELD, field, str(error)) from None
    if name.entity != "metric":
        return OrderKey(name.entity, name.key, element.ascending)
    bare = key[1:-1] if len(key) > 2 and key[0] == key[-1] == "`" else key
    if not bare:
        raise InvalidValue(FIELD, field, "the metric's key is empty.")
    return OrderKey("metric", bare, element.ascending, dataset or None, digest or None)
