"""What a sweep varies: for each parameter its values, or a range to draw them from, as one text.

| text | means |
| --- | --- |
| `0.1,0.01` | these values; `\\,` is a comma inside a value |
| `float:0..1` | any number between, both included |
| `log:1e-4..1e-1` | any number between, drawn evenly over its logarithm |
| `int:2..8`, `logint:16..1024` | whole numbers |
| `float:0..1/0.25`, `int:2..8/2` | in steps: 0, 0.25, 0.5 … and 2, 4, 6, 8 |
| `log:1e-4..1e-1/10`, `logint:16..1024/2` | in steps, each the one before times the number after `/` |

Behind a backslash, what looks like a range is text: `\\int:2..8`. Runs keep the whole, so that a sweep can go on from
anywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from headrace.errors import InvalidValue

KINDS = ("float", "log", "int", "logint")
MAX_VALUES = 100_000  # of one range that is gone through: more is a slip of the pen, and a grid of it would never end
_RANGE = re.compile(rf"(?P<kind>{'|'.join(KINDS)}):(?P<rest>.*)", re.DOTALL)
_BOUNDS = re.compile(r"(?P<low>[^./]*(?:\.[^./]+)?)\.\.(?P<high>[^/]+?)(?:/(?P<step>.+))?")
_FORM = (
    "write KIND:LOW..HIGH or KIND:LOW..HIGH/STEP, such as float:0..1, log:1e-4..1e-1, int:2..8/2, logint:16..1024/2."
)
_LITERAL = "To pass the text itself, put a backslash before it."

Given = str | float | Sequence[str | float]
"""How a parameter comes from Python: one value or range text, or a list of values."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """kind: of the range with a step whose values these are, in its order; None for values that were listed."""

    values: tuple[str, ...]
    kind: str | None = None

    def draw(self, random: Random) -> str:
        return random.choice(self.values)


@dataclass(frozen=True, kw_only=True)
class Range:
    """kind: one of KINDS. Both ends are included."""

    kind: str
    low: float
    high: float

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.low:g}..{self.high:g}"

    @property
    def whole(self) -> bool:
        return self.kind in ("int", "logint")

    @property
    def logarithmic(self) -> bool:
        return self.kind in ("log", "logint")

    def draw(self, random: Random) -> str:
        if self.whole and not self.logarithmic:
            return str(random.randint(int(self.low), int(self.high)))
        if not self.logarithmic:
            return self.text_of(random.uniform(self.low, self.high))
        # The edges of whole numbers are theirs, too: half a number beyond each end.
        edge = 0.5 if self.whole else 0.0
        drawn = math.exp(random.uniform(math.log(self.low - edge), math.log(self.high + edge)))
        return self.text_of(min(max(drawn, self.low), self.high))

    def text_of(self, value: float) -> str:
        return str(round(value)) if self.whole else repr(float(value))


Axis = Choices | Range
Space = dict[str, Axis]


def parse(name: str, text: str) -> Axis:
    """A range with a step comes out as the choices it has. InvalidValue with the parameter, the text and the form."""
    if text.startswith("\\") and _RANGE.fullmatch(text.lstrip("\\")):
        return _choices(name, text[1:])
    ranged = _RANGE.fullmatch(text)
    if ranged is None:
        return _choices(name, text)
    bounds = _BOUNDS.fullmatch(ranged["rest"])
    if bounds is None:
        raise _wrong(name, text, f"{_FORM} {_LITERAL}")
    low, high = (_number(name, text, bounds[which], ranged["kind"]) for which in ("low", "high"))
    found = Range(kind=ranged["kind"], low=float(low), high=float(high))
    if low > high:
        raise _wrong(name, text, f"its low end {low} is above its high end {high}.")
    if found.logarithmic and low <= 0:
        raise _wrong(name, text, f"a logarithm needs numbers above 0; its low end is {low}.")
    return found if bounds["step"] is None else _stepped(name, text, found, low, high, bounds["step"])


def _choices(name: str, text: str) -> Choices:
    values = tuple(part.replace("\\,", ",") for part in re.split(r"(?<!\\),", text))
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise _wrong(name, text, f"{twice!r} stands there twice.")
    return Choices(values=values)


def _number(name: str, text: str, part: str, kind: str) -> Decimal:
    try:
        found = Decimal(part)
    except ArithmeticError:
        raise _wrong(name, text, f"{part!r} is no number; {_FORM} {_LITERAL}") from None
    if not found.is_finite():
        raise _wrong(name, text, f"{part!r} is no finite number.")
    if kind in ("int", "logint") and found != found.to_integral_value():
        raise _wrong(name, text, f"{part!r} is no whole number; kind {kind!r} has whole numbers only.")
    return found


def _stepped(name: str, text: str, axis: Range, low: Decimal, high: Decimal, step_text: str) -> Choices:
    step = _number(name, text, step_text, axis.kind)
    if axis.logarithmic and step <= 1:
        raise _wrong(name, text, f"each step multiplies, so it is above 1; it is {step}.")
    if not axis.logarithmic and step <= 0:
        raise _wrong(name, text, f"a step is above 0; it is {step}.")
    count = (high / low).ln() / step.ln() if axis.logarithmic else (high - low) / step
    if count >= MAX_VALUES:
        raise _wrong(name, text, f"it has {int(count) + 1:,} values; at most {MAX_VALUES:,} are allowed.")
    values, value = [], low  # decimals: 0, 0.1, 0.2, 0.3 without 0.30000000000000004
    while value <= high:
        values.append(axis.text_of(float(value)))
        value = value * step if axis.logarithmic else value + step
    return Choices(values=tuple(values), kind=axis.kind)


def _wrong(name: str, text: str, why: str) -> InvalidValue:
    return InvalidValue(f"-P {name}", text, why)


def text_of(name: str, given: Given) -> str:
    """The text that means what came from Python: a list holds values as they are, a text may be a range."""
    if isinstance(given, str):
        return given
    if isinstance(given, (bool, int, float)):
        return str(given)
    values = [str(value) for value in given]
    if not values:
        raise InvalidValue(f"parameters[{name!r}]", list(given), "at least one value is needed.")
    if any(value.endswith("\\") for value in values[:-1]):
        raise InvalidValue(
            f"parameters[{name!r}]", values, "a value that ends in a backslash can only be the last one."
        )
    text = ",".join(value.replace(",", "\\,") for value in values)
    return f"\\{text}" if _RANGE.fullmatch(text.lstrip("\\")) else text


def space_of(texts: Mapping[str, str]) -> Space:
    """In their order. InvalidValue if there is nothing to vary."""
    found = {name: parse(name, text) for name, text in texts.items()}
    if not varied(found):
        given = ", ".join(f"{name}={text}" for name, text in texts.items()) or "none"
        raise InvalidValue(
            message=f"A sweep needs a parameter with several values or a range, and there is none among those given "
            f"({given}). Write -P lr=0.1,0.01 or -P lr=log:1e-4..1e-1."
        )
    return found


def varied(space: Space) -> list[str]:
    """Names of the parameters that have more than one value."""
    return [name for name, axis in space.items() if isinstance(axis, Range) or len(axis.values) > 1]


def values_of(axis: Axis) -> Sequence[str]:
    """All values of choices, or of a range of whole numbers that is gone through one by one."""
    if isinstance(axis, Choices):
        return axis.values
    assert axis.whole
    return tuple(map(str, range(int(axis.low), int(axis.high) + 1)))
