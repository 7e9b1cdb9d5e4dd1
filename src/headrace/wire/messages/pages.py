from __future__ import annotations

from headrace.wire.messages.fields import Request


class PagePath(Request, kw_only=True):
    """path: of the page, or of a file of the pages; what it names is the browser's to read."""

    path: str = ""
