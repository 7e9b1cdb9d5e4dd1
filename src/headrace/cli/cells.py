"""How values look in a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

MISSING = "–"
# Names and tags come from other people: an escape sequence among them must not reach the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_escape: Callable[[re.Match[str]], str] = lambda match: f"\\x{ord(match[0]):02x}"  # noqa: E731


def plain(text: object) -> str:
    return _CONTROL.sub(_escape, str(text))


def one_line(text: object, most: int = 100) -> str:
    flat = plain(" ".join(str(text).split()))
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"


def time(ms: int | None) -> str:
    """Local time of day to the second; a number that is no date stays a number."""
    if ms is None:
        return MISSING
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(ms)


def duration(start_ms: int, end_ms: int | None) -> str:
    if end_ms is None or end_ms < start_ms:
        return MISSING
    seconds = (end_ms - start_ms) / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def number(value: float | None) -> str:
    """Six significant digits; whole numbers whole."""
    if value is None:
        return MISSING
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}"


def size(n_bytes: float | None) -> str:
    if n_bytes is None:
        return MISSING
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n_bytes < 1024:
            return f"{n_bytes:.0f} {unit}" if unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.1f} TiB"
