"""A JSON document read piece by piece: the elements of one long array, without the array."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.request import INPUTS, INSTANCES, RECORDS, SPLIT

_BLOCK_BYTES = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
_SLACK_CHARS = 16  # an error this near to the end of what was read may be the end's fault
_NUMBER_CHARS = "0123456789.eE+-"
_LISTS = RECORDS, INSTANCES, INPUTS


class Scanner:
    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._text, self._place, self._ended, self._before = "", 0, False, 0
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()

    @property
    def done_chars(self) -> int:
        return self._before + self._place

    def peek(self) -> str:
        """The next character that isn't space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._place)
            assert found is not None
            self._place = found.end()
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more(_BLOCK_BYTES):
                return ""

    def take(self, allowed: str) -> str:
        found = self.peek()
        if not found or found not in allowed:
            raise self._wrong(f"expected {' or '.join(allowed)}, found {found or 'its end'}")
        self._place += 1
        return found

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        size = _BLOCK_BYTES
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._place)
                if self._ended or not self._may_go_on(end):
                    self._place = end
                    return found
            except json.JSONDecodeError as error:
                open_text = error.msg.startswith("Unterminated string")
                if self._ended or (error.pos < len(self._text) - _SLACK_CHARS and not open_text):
                    self._place = error.pos
                    raise self._wrong(error.msg) from None
            except RecursionError:
                raise self._wrong("nested too deeply") from None
            self._more(size)
            size *= 2  # a long value is read again a few times, not hundreds

    def _may_go_on(self, end: int) -> bool:
        """Whether what ends here may be a part of a number that isn't read yet: 0 of 0.5, 1.5 of 1.5e3."""
        rest = len(self._text) - end
        return rest == 0 or (rest < _SLACK_CHARS and self._text[end] in _NUMBER_CHARS)

    def elements(self) -> Iterator[Any]:
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield self.value()
            if self.take(",]") == "]":
                return

    def members(self) -> Iterator[str]:
        """Keys of an object. Whoever asks for the next one has read the value of the last."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() != '"':
                self.take('"')
            key = self.value()
            self.take(":")
            yield key
            if self.take(",}") == "}":
                return

    def _more(self, size_bytes: int) -> bool:
        if self._ended:
            return False
        block = self._stream.read(size_bytes)
        self._ended = not block
        try:
            text = self._utf8.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            raise self._wrong(f"it isn't UTF-8 ({error.reason})") from None
        self._before += self._place
        self._text, self._place = self._text[self._place :] + text, 0
        return bool(text) or not self._ended

    def _wrong(self, what: str) -> BadPayload:
        return BadPayload(f"{self._name} isn't JSON: {what} (character {self._before + self._place + 1}).")


class Row:
    """Marks an element of the long array among what `walk` yields."""


ROW = Row()


def walk(scanner: Scanner) -> Iterator[tuple[Any, Any]]:
    """(ROW, element) for each row of dataframe_records, instances, inputs or the data of dataframe_split, where they
    are lists; (key, value) for everything else, with the form's name for a form that has begun."""
    for key in scanner.members():
        if key in _LISTS and scanner.peek() == "[":
            yield key, None
            yield from ((ROW, element) for element in scanner.elements())
        elif key == SPLIT and scanner.peek() == "{":
            yield key, None
            yield from _walk_split(scanner)
        else:
            yield key, scanner.value()
    if scanner.peek():
        scanner.take("")


def _walk_split(scanner: Scanner) -> Iterator[tuple[Any, Any]]:
    for key in scanner.members():
        if key == "data" and scanner.peek() == "[":
            yield from ((ROW, element) for element in scanner.elements())
        elif key == "index" and scanner.peek() == "[":
            for _ in scanner.elements():  # rows are known by their order
                pass
        else:
            yield (SPLIT, key), scanner.value()
