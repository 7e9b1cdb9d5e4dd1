"""What a webhook may be called, and where it may lead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from headrace import settings
from headrace.errors import Forbidden, InvalidValue, MissingValue, StoreUnavailable
from headrace.net.fetch import FetchLimits, check_address

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)
MAX_SECRET_CHARS = 1000
ANSWER_BYTES = 4096  # of an answer's body: what the log of deliveries shows


def limits() -> FetchLimits:
    """What a request to a webhook may do."""
    timeout_s = settings.WEBHOOK_TIMEOUT_S.get()
    return FetchLimits(
        max_bytes=ANSWER_BYTES,
        max_redirects=0,
        timeout_s=timeout_s,
        connect_timeout_s=min(10.0, timeout_s),
        schemes=settings.WEBHOOK_ALLOWED_SCHEMES.get(),
        private_by=settings.WEBHOOK_ALLOW_PRIVATE,
    )


def name(value: str) -> str:
    if not value:
        raise MissingValue("name")
    if not _NAME.fullmatch(value):
        raise InvalidValue(
            "name",
            value,
            "1 to 63 letters, digits, dots (.), underscores (_) and hyphens (-) are needed, with a letter or digit at "
            "both ends.",
        )
    return value


def url(value: str) -> str:
    """Resolves the name, so that a mistake shows at once; each delivery looks again."""
    if not value.strip():
        raise MissingValue("url")
    allowed = limits()
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        scheme = ""
    if scheme in ("http", "https") and scheme not in allowed.schemes:
        raise InvalidValue(
            "url",
            f"{scheme}://…",
            f"only {' and '.join(allowed.schemes)} may be used; {settings.WEBHOOK_ALLOWED_SCHEMES.names[0]} says so.",
        )
    try:
        check_address(value, allowed)
    except (Forbidden, StoreUnavailable) as error:
        raise InvalidValue("url", message=f"Invalid value for parameter 'url' supplied: {error.message}") from None
    return value


def secret(value: str | None) -> str | None:
    if not value:
        return None
    if len(value) > MAX_SECRET_CHARS or not value.isprintable():
        raise InvalidValue(
            "secret",
            message=f"Invalid value for parameter 'secret' supplied: at most {MAX_SECRET_CHARS} printable characters "
            "are allowed.",
        )
    return value
