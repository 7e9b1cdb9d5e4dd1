"""The pages to read and try: files of this package, the same for every model. What they show they ask for."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from headrace.asgi.refusal import Headers
from headrace.serving.app.responses import Page
from headrace.serving.call import Reply

FILES = {
    "/": "try.html",
    "/docs": "docs.html",
    "/page/try.js": "try.js",
    "/page/form.js": "form.js",
    "/page/chat.js": "chat.js",
    "/page/common.js": "common.js",
    "/page/docs.js": "docs.js",
    "/page/page.css": "page.css",
    "/page/mark.svg": "mark.svg",
}
_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing from elsewhere, nothing inline: what a model answers can't become a script.
_HEADERS: Headers = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
]


@cache
def static_file(name: str) -> Page:
    body = files("headrace.serving.app").joinpath("page", name).read_bytes()
    return Page(Reply(status=200, body=body, content_type=_TYPES[name.rpartition(".")[2]]), _HEADERS)
