"""How an answer is to be generated: parsed from a request, each option honoured or refused by name.

A value that a request gives wins over the model's own (`over`). Sampling is really on as soon as a request gives a
temperature above 0, `top_p`, `top_k` or `n` above 1; temperature 0 is greedy. Without any of them, the model's own
settings decide.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.errors import InvalidValue

MAX_CHOICES = 128  # OpenAI's bound on n
MAX_STOPS = 16  # OpenAI takes 4, vLLM any number; each is looked for after every token
MAX_PENALTY = 2.0
MAX_TEMPERATURE = 2.0
_NUMPY_BOOL = ("bool_", "bool")  # by numpy's version; numpy isn't imported here


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """None: not given. sample: True or False where a request or the model's settings said so. logprobs: how many of the
    likeliest tokens are told beside each. response_format: the JSON schema of the answer, as text."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    sample: bool | None = None
    logprobs: int | None = None
    response_format: str | None = None

    def over(self, own: GenerationOptions) -> GenerationOptions:
        """These options, and the model's own where these are silent."""
        given = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) not in (None, ()) and not (field.name == "n" and value == 1)
        }
        return dataclasses.replace(own, **given)

    def given(self) -> set[str]:
        """Names of the options that say something, `sample` aside."""
        return {
            field.name
            for field in dataclasses.fields(self)
            if field.name != "sample" and getattr(self, field.name) != field.default
        }


def parse_options(fields: Mapping[str, Any]) -> GenerationOptions:
    """Options out of a request's fields; fields of other names aren't looked at. Raises InvalidValue by name.

    A value of None counts as not given. Whole floats count as integers (16.0), integers as floats.
    """
    values: dict[str, Any] = {}
    for name, parse in _PARSERS.items():
        value = fields.get(name)
        if value is not None:
            values[name] = parse(name, value)
    completion = values.pop("max_completion_tokens", None)
    if completion is not None and values.setdefault("max_tokens", completion) != completion:
        allowed = "another name of 'max_tokens'; give one of them, or both equal"
        raise InvalidValue("max_completion_tokens", completion, allowed)
    temperature = values.get("temperature")
    if temperature == 0:
        values["sample"] = False
    elif temperature is not None or values.get("top_p") or values.get("top_k") or values.get("n", 1) > 1:
        values["sample"] = True
    return GenerationOptions(**values)


def options_of_config(config: Mapping[str, Any]) -> GenerationOptions:
    """A model's own options out of its `model_config`, by the names of transformers or OpenAI.

    Keys that mean no option are left to whoever knows them.
    """
    fields = {_CONFIG_NAMES.get(name, name): value for name, value in config.items()}
    options = parse_options(fields)
    sample = config.get("do_sample")
    return options if sample is None else dataclasses.replace(options, sample=bool(sample))


_CONFIG_NAMES = {"max_new_tokens": "max_tokens", "stop_strings": "stop", "num_return_sequences": "n"}
CONFIG_KEYS = frozenset({*_CONFIG_NAMES, "do_sample"})


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    allowed = f"an integer ≥ {low}" if high is None else f"an integer from {low} to {high}"
    number = _number(name, value, allowed)
    if isinstance(number, float) and not number.is_integer():
        raise InvalidValue(name, value, f"{allowed} is needed")
    count = int(number)
    if count < low or (high is not None and count > high):
        raise InvalidValue(name, value, f"{allowed} is needed")
    return count


def real(name: str, value: object, low: float, high: float, *, above: bool = False) -> float:
    """above: low itself is not allowed."""
    allowed = f"a number above {low:g} and up to {high:g}" if above else f"a number from {low:g} to {high:g}"
    number = float(_number(name, value, allowed))
    if math.isnan(number) or number < low or number > high or (above and number == low):
        raise InvalidValue(name, value, f"{allowed} is needed")
    return number


def flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if type(value).__name__ in _NUMPY_BOOL:
        return bool(value)
    raise InvalidValue(name, value, "true or false is needed")


def strings(name: str, value: object, most: int) -> tuple[str, ...]:
    """One string, or a list of them; none may be empty."""
    items = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    if isinstance(value, Mapping) or not all(isinstance(item, str) and item for item in items):
        raise InvalidValue(name, value, "a string or a list of strings is needed, none of them empty")
    if len(items) > most:
        raise InvalidValue(name, value, f"at most {most} strings are allowed, {len(items)} were given")
    return tuple(dict.fromkeys(items))


def _number(name: str, value: object, allowed: str) -> int | float:
    if isinstance(value, bool | str | bytes) or type(value).__name__ in _NUMPY_BOOL:
        raise InvalidValue(name, value, f"{allowed} is needed")
    try:
        return operator.index(value)  # type: ignore[arg-type] # raises TypeError where it isn't one
    except TypeError:
        pass
    try:
        number = float(value)  # type: ignore[arg-type] # numpy's floats, Decimal
    except (TypeError, ValueError):
        raise InvalidValue(name, value, f"{allowed} is needed") from None
    if math.isinf(number):
        raise InvalidValue(name, value, f"{allowed} is needed")
    return number


_PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "max_tokens": lambda name, value: whole(name, value, 1),
    "max_completion_tokens": lambda name, value: whole(name, value, 1),
    "temperature": lambda name, value: real(name, value, 0, MAX_TEMPERATURE),
    "top_p": lambda name, value: real(name, value, 0, 1, above=True),
    "top_k": lambda name, value: whole(name, value, 1),
    "seed": lambda name, value: whole(name, value, -(2**63), 2**63 - 1),
    "stop": lambda name, value: strings(name, value, MAX_STOPS),
    "n": lambda name, value: whole(name, value, 1, MAX_CHOICES),
    "frequency_penalty": lambda name, value: real(name, value, -MAX_PENALTY, MAX_PENALTY),
    "presence_penalty": lambda name, value: real(name, value, -MAX_PENALTY, MAX_PENALTY),
    "repetition_penalty": lambda name, value: real(name, value, 0, 10, above=True),
}
OPTION_NAMES = frozenset(_PARSERS)
