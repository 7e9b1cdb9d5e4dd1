"""Days and times as people write them: 2026-05-03, 2026-05-03 14:30, 3 May, 3 May 2026, today, yesterday, or
milliseconds since the epoch. Local time, unless it says another one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from headrace import clock

FORMS = "2026-05-03, '2026-05-03 14:30', '3 May', '3 May 2026', today, yesterday, or milliseconds since the epoch"
_MONTHS = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
_MS = re.compile(r"[0-9]{11,15}")
_DAY = timedelta(days=1)


def start_ms(_: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Callback of an option or argument: ms since the epoch, of a day its first."""
    return _checked(parameter, text, end=False)


def end_ms(_: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """The same, of a day its last."""
    return _checked(parameter, text, end=True)


def _checked(parameter: click.Parameter, text: str | None, *, end: bool) -> int | None:
    if text is None:
        return None
    found = parse(text, end=end)
    if found is None:
        raise click.BadParameter(f"{text!r} is no date; write {FORMS}.", param=parameter)
    return found


def parse(text: str, *, end: bool = False) -> int | None:
    words = " ".join(text.replace(",", " ").split())
    if _MS.fullmatch(words):
        return int(words)
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).astimezone()
    day = _day(words, now)
    if day is not None:
        # To tomorrow's midnight and back: a day on which clocks are changed has 23 or 25 hours.
        return _ms(day + _DAY) - 1 if end else _ms(day)
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    return _ms(moment)


def _day(words: str, now: datetime) -> datetime | None:
    """Its midnight, without a time zone. Without a year: the last such day that has come."""
    today = datetime(now.year, now.month, now.day)  # noqa: DTZ001 — local time, which `_ms` knows
    if words.lower() in ("today", "yesterday"):
        return today if words.lower() == "today" else today - _DAY
    try:
        return datetime.strptime(words, "%Y-%m-%d")  # noqa: DTZ007 — local time
    except ValueError:
        pass
    for form in _MONTHS:
        for year, past in (("", False), (f" {now.year}", True), (f" {now.year - 1}", True)):
            try:
                found = datetime.strptime(words + year, form)  # noqa: DTZ007 — local time
            except ValueError:
                continue
            if not past or found <= today:
                return found
    return None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
