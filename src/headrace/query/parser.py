"""filter := comparison { AND comparison } [AND]
comparison := name op value | name [NOT] IN list | name IS [NOT] NULL

No OR, NOT, parentheses or nesting, so a loop is the whole parser. Time is linear in the text.
"""

from __future__ import annotations

from typing import cast

from headrace.entities.limits import check_text
from headrace.errors import InvalidValue, shown
from headrace.query import numbers
from headrace.query.ast import Comparison, Filter, Operator, Value
from headrace.query.dialect import Dialect, Kind
from headrace.query.lexer import Token, syntax_error, tokens
from headrace.query.names import Name, WrongName, resolve, written_name

FIELD = "filter"
MAX_COMPARISONS = 500  # SQLite's parser stops at an expression depth of 1000

_ECHOED_CHARS = 100
_COMPARATORS = ("=", "!=", ">", ">=", "<", "<=")
_INSTEAD = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "!": "!="}
_UNSUPPORTED = {
    "OR": "OR isn't supported: a filter is comparisons joined by AND. Search twice, or use IN.",
    "BETWEEN": "BETWEEN isn't supported: write two comparisons, as in `start_time >= 1 AND start_time <= 2`.",
    "RLIKE": "RLIKE isn't supported; LIKE and ILIKE are: % stands for any text, _ for one character.",
}


def parse_filter(text: str | None, dialect: Dialect) -> Filter:
    """None and "" match everything. InvalidValue names the piece, its position and what is allowed there."""
    if not text:
        return Filter()
    check_text(FIELD, text)
    return Filter(tuple(_Parser(text, dialect).comparisons()))


class _Parser:
    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect = text, dialect
        self.tokens = tokens(FIELD, text)
        self.at = 0

    def comparisons(self) -> list[Comparison]:
        found = [self.comparison()]
        while self.peek().kind != "end":
            token = self.take()
            if token.keyword() != "AND":
                raise self.error(token, _UNSUPPORTED.get(token.keyword(), f"AND was expected, not {token.source()}."))
            if self.peek().kind == "end":
                break
            if len(found) == MAX_COMPARISONS:
                raise self.error(token, f"at most {MAX_COMPARISONS} comparisons are allowed.")
            found.append(self.comparison())
        return found

    def comparison(self) -> Comparison:
        start = self.peek()
        name = self.name()
        comparator = self.peek()
        op = self.operator()
        allowed = name.field.operators if name.field else self.dialect.open[name.entity].operators
        if op not in allowed:
            said = self.text[start.start : comparator.start].strip()
            raise self.error(
                comparator,
                f"{op} isn't allowed for {shown(said)}; allowed: {', '.join(allowed)}."
                if allowed
                else f"{self.dialect.noun} can't be filtered by {shown(said)}.",
            )
        kind = name.field.kind if name.field else self.dialect.open[name.entity].kind
        if kind in ("int", "float"):
            op, value = self.number(name, kind, op)
        elif op in ("IS NULL", "IS NOT NULL"):
            value = None
        elif op in ("IN", "NOT IN"):
            value = self.texts(kind)
        else:
            value = self.one_text(kind)
        entity, key = name.field.stored_as if name.field and name.field.stored_as else (name.entity, name.key)
        return Comparison(entity, key, op, value)

    def name(self) -> Name:
        first = self.peek()
        if first.is_mark("("):
            raise self.error(first, "comparisons can't be put in parentheses.")
        if first.kind not in ("word", "quoted"):
            raise self.error(first, f"a comparison was expected, not {first.source()}.")
        pieces = [self.take()]
        while self.peek().kind in ("word", "quoted") and self.peek().start == pieces[-1].end:
            pieces.append(self.take())
        if len(pieces) == 1 and first.keyword() == "NOT":
            raise self.error(first, "NOT before a comparison isn't supported; use != or NOT IN.")
        try:
            return resolve(self.dialect, *written_name(pieces))
        except WrongName as error:
            raise self.error(first, str(error)) from None

    def operator(self) -> Operator:
        token = self.take()
        if token.kind == "comparator":
            if token.text in _COMPARATORS:
                return cast(Operator, token.text)
            instead = _INSTEAD.get(token.text)
            hint = f" Did you mean {instead}?" if instead else ""
            raise self.error(token, f"unknown comparator {token.text[:20]}.{hint}")
        word = token.keyword()
        if word in ("LIKE", "ILIKE", "IN"):
            return cast(Operator, word)
        if word == "NOT":
            if self.take().keyword() == "IN":
                return "NOT IN"
            raise self.error(token, "after NOT only IN is allowed.")
        if word == "IS":
            second = self.take()
            if second.keyword() == "NOT" and self.take().keyword() == "NULL":
                return "IS NOT NULL"
            if second.keyword() == "NULL":
                return "IS NULL"
            raise self.error(token, "after IS only NULL and NOT NULL are allowed.")
        raise self.error(
            token,
            _UNSUPPORTED.get(
                word,
                f"a comparator (= != > >= < <= LIKE ILIKE IN IS NULL …) was expected, not {token.source()}.",
            ),
        )

    def number(self, name: Name, kind: Kind, op: Operator) -> tuple[Operator, Value]:
        token = self.take()
        quoted_integer = name.field is not None and name.field.quoted and token.kind == "quoted"
        if token.kind != "word" and not quoted_integer:
            hint = " Leave the quotes out." if token.kind == "quoted" and numbers.is_number(token.text) else ""
            raise self.error(token, f"a number was expected, not {token.source()}.{hint}")
        if not numbers.is_number(token.text):
            raise self.error(token, f"a number such as 0.5, -3 or 1e6 was expected, not {token.source()}.")
        if kind == "float":
            return op, numbers.as_float(token.text)
        whole_only = quoted_integer or (name.field is not None and not name.field.fractions)
        if whole_only and not numbers.is_integer(token.text):
            raise self.error(token, f"an integer was expected, not {token.source()}.")
        return numbers.integer_comparison(op, token.text)

    def one_text(self, kind: Kind) -> str:
        token = self.take()
        if self.dialect.bare_values:
            if token.kind == "word" or token.quote == "'":
                return token.text
            if token.quote == '"':
                return f'"{token.text}"'  # logged models: double quotes are part of the text
        elif token.quote in ("'", '"') and token.kind == "quoted":
            return self.canonical(kind, token)
        hint = f" Write '{token.text}'?" if token.kind == "word" and len(token.text) < _ECHOED_CHARS else ""
        raise self.error(token, f"a text in quotes was expected, not {token.source()}.{hint}")

    def texts(self, kind: Kind) -> tuple[str, ...]:
        opening = self.take()
        if not opening.is_mark("("):
            raise self.error(opening, f"a list such as ('a', 'b') was expected, not {opening.source()}.")
        found: dict[str, None] = {}
        while True:
            token = self.take()
            if token.is_mark(")") and found:
                return tuple(found)
            if token.quote not in ("'", '"') or token.kind != "quoted":
                what = "the list is empty" if token.is_mark(")") else f"found {token.source()}"
                raise self.error(token, f"a list holds texts in quotes, as in ('a', 'b'); {what}.")
            found[self.canonical(kind, token)] = None
            after = self.take()
            if after.is_mark(")"):
                return tuple(found)
            if not after.is_mark(","):
                raise self.error(after, f"a comma or ) was expected, not {after.source()}.")

    def canonical(self, kind: Kind, token: Token) -> str:
        if kind != "id":
            return token.text
        digits = numbers.as_id(token.text)
        if digits is None:
            raise self.error(token, f"an integer in quotes was expected, as in '12', not {token.source()}.")
        return digits

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def error(self, token: Token, what: str) -> InvalidValue:
        return syntax_error(FIELD, self.text, token.start, what)
