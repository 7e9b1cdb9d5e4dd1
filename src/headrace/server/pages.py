"""The web pages' files: one page for all addresses, and scripts and styles whose names change with their content.

They are built from ui/ into the folder `ui` beside this module, compressed there; a checkout in which nobody has built
them has none, and the server shows its plain page instead.
"""

from __future__ import annotations

import mimetypes
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("ui")
POLICY = (  # decision 0024
    "default-src 'self'; connect-src 'self' http: https:; img-src 'self' data: blob:; media-src 'self' blob:; "
    "frame-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"
_ASK = "no-cache"  # kept, and asked for again each time


class PageFile(NamedTuple):
    """packed: by gzip; None where that gains nothing."""

    content: bytes
    packed: bytes | None
    media_type: str
    cache: str


@cache
def page(prefix: str) -> PageFile | None:
    """The page of every address. prefix: of the server's paths."""
    place = FOLDER / "index.html"
    if not place.is_file():
        return None
    text = place.read_text(encoding="utf-8").replace('<base href="/"', f'<base href="{escape(prefix)}/"', 1)
    return PageFile(text.encode(), None, "text/html; charset=utf-8", _ASK)


@cache
def page_files() -> dict[str, PageFile]:
    """By their path below the folder: what isn't in here isn't served."""
    found = {}
    for place in FOLDER.rglob("*"):
        if not place.is_file() or place.suffix == ".gz" or (place.parent.name != "assets" and place.suffix != ".svg"):
            continue
        packed = place.with_name(place.name + ".gz")
        found[place.relative_to(FOLDER).as_posix()] = PageFile(
            place.read_bytes(),
            packed.read_bytes() if packed.is_file() else None,
            _TYPES.get(place.suffix) or mimetypes.guess_type(place.name)[0] or "application/octet-stream",
            _FOREVER if place.parent.name == "assets" else _ASK,
        )
    return found
