"""Times as options take them: a span back from now, or a date."""

from __future__ import annotations

import re

import click

from headrace import clock
from headrace.cli import dates
from headrace.errors import InvalidValue

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_FORMS = f"a span such as 90m, 24h or 7d, or {dates.FORMS}"


def moment_ms(option: str, text: str | None) -> int | None:
    """Milliseconds since the epoch; of a span, so long ago."""
    if text is None:
        return None
    seconds = _span_s(text)
    found = dates.parse(text) if seconds is None else clock.now_ms() - int(seconds * 1000)
    if found is None:
        raise InvalidValue(option, text, f"write {_FORMS}.")
    return found


def span_s(_: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Callback of an option."""
    if text is None:
        return None
    seconds = _span_s(text)
    if not seconds:
        raise click.BadParameter(f"{text!r} is no span; write 90s, 10m, 6h, 1d.", param=parameter)
    return seconds


def _span_s(text: str) -> float | None:
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _SECONDS[found[2]]
