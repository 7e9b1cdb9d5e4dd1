"""Text of a filter or order → tokens, in one pass without backtracking.

A word is a run of characters that are no space, quote, comparator, parenthesis, comma or semicolon; what it means
(keyword, number, name) depends on where it stands. A quoted piece ends at the next quote of its kind; a doubled single
or double quote is two characters of the text, not an escape, and a backslash is a character like any other.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from headrace.errors import InvalidValue, shown

TokenKind = Literal["word", "quoted", "comparator", "mark", "end"]

_PLAIN_CHARS = 60  # of a piece that an error repeats as it stands

_PIECE = re.compile(r"""(?P<space>\s+)|(?P<comparator>[=<>!]+)|(?P<mark>[(),;])|(?P<word>[^\s=<>!(),;'"`]+)""")


class Token(msgspec.Struct, frozen=True, gc=False):
    """text: without its quotes. start, end: offsets in the source, quotes included. quote: '', "'", '"' or '`'."""

    kind: TokenKind
    text: str
    start: int
    end: int
    quote: str = ""

    def source(self) -> str:
        if self.kind == "end":
            return "the end"
        whole = f"{self.quote}{self.text}{self.quote}"
        return whole if whole.isprintable() and len(whole) <= _PLAIN_CHARS else shown(whole)

    def keyword(self) -> str:
        """Upper case of a bare word, '' of anything else."""
        return self.text.upper() if self.kind == "word" else ""

    def is_mark(self, mark: str) -> bool:
        return self.kind == "mark" and self.text == mark


def tokens(field: str, text: str) -> list[Token]:
    """Ends with an "end" token. field: for errors."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            token = _quoted(field, text, at)
            found.append(token)
            at = token.end
            continue
        if piece.lastgroup == "comparator":
            found.append(Token("comparator", piece.group(), at, piece.end()))
        elif piece.lastgroup == "mark":
            found.append(Token("mark", piece.group(), at, piece.end()))
        elif piece.lastgroup == "word":
            found.append(Token("word", piece.group(), at, piece.end()))
        at = piece.end()
    found.append(Token("end", "", len(text), len(text)))
    return found


def _quoted(field: str, text: str, start: int) -> Token:
    quote = text[start]
    end = text.find(quote, start + 1)
    while quote != "`" and end >= 0 and text.startswith(quote, end + 1):
        end = text.find(quote, end + 2)
    if end < 0:
        raise syntax_error(
            field, text, start, f"the quote {quote} that opens here is never closed: {shown(text[start:])}."
        )
    return Token("quoted", text[start + 1 : end], start, end + 1, quote)


def syntax_error(field: str, text: str, offset: int, what: str) -> InvalidValue:
    return InvalidValue(field, text, message=f"Invalid {field} at character {offset + 1}: {what}")
