"""A transport that asks again: after answers that promise to get better, and where there was no answer at all."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from headrace import clock, settings
from headrace.errors import StoreUnavailable, TimedOut
from headrace.net.message import Request, Response, Transport
from headrace.net.problems import server_of

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_MAX_BACKOFF_S = 120.0
_MAX_RETRY_AFTER_S = 300.0  # a server that asks for longer gets the caller's decision instead

log = logging.getLogger("headrace.net")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The n-th retry waits factor × 2^(n-1) seconds, at most 120, and up to jitter_s more."""

    max_retries: int
    backoff_factor_s: float
    jitter_s: float
    respect_retry_after: bool = True

    @classmethod
    def of_settings(cls) -> RetryPolicy:
        return cls(
            max_retries=settings.HTTP_MAX_RETRIES.get(),
            backoff_factor_s=settings.HTTP_BACKOFF_FACTOR_S.get(),
            jitter_s=settings.HTTP_BACKOFF_JITTER_S.get(),
            respect_retry_after=settings.HTTP_RESPECT_RETRY_AFTER.get(),
        )

    def wait_s(self, retry: int, response: Response | None) -> float | None:
        """retry counts from 1. None: the server asks for more patience than is reasonable."""
        if self.respect_retry_after and response is not None:
            asked = retry_after_s(response.headers.get("retry-after", ""))
            if asked is not None:
                return None if asked > _MAX_RETRY_AFTER_S else asked
        return min(self.backoff_factor_s * 2.0 ** (retry - 1), _MAX_BACKOFF_S) + clock.jitter(self.jitter_s)


class Retrying:
    def __init__(
        self,
        inner: Transport,
        policy: Callable[[], RetryPolicy] = RetryPolicy.of_settings,
        sleep: Callable[[float], None] = clock.sleep_s,
    ) -> None:
        self._inner, self._policy, self._sleep = inner, policy, sleep

    def send(self, request: Request) -> Response:
        policy = self._policy()
        start = _position(request)
        retry = 0
        while True:
            response: Response | None = None
            problem: StoreUnavailable | TimedOut | None = None
            try:
                response = self._inner.send(request)
                if response.status not in RETRIED_STATUSES:
                    return response
            except (StoreUnavailable, TimedOut) as error:
                problem = error
            retry += 1
            wait_s = policy.wait_s(retry, response)
            if retry > policy.max_retries or wait_s is None or not _rewound(request, start):
                if problem is not None:
                    raise problem
                assert response is not None
                return response
            reason = (
                problem.message if problem else f"{server_of(request.url)} answered {response and response.status}."
            )
            log.warning("%s Trying again in %.1f s (%d of %d).", reason, wait_s, retry, policy.max_retries)
            if response is not None:
                response.close()
            self._sleep(wait_s)

    def close(self) -> None:
        self._inner.close()


class Hurried:
    """Asks once."""

    def __init__(self, inner: Transport, timeout_s: float) -> None:
        self._inner, self._timeout_s = inner, timeout_s

    def send(self, request: Request) -> Response:
        return self._inner.send(replace(request, timeout_s=request.timeout_s or self._timeout_s))

    def close(self) -> None:
        self._inner.close()


def retry_after_s(text: str) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); None if it is absent or garbage."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, at.timestamp() - clock.now_ms() / 1000)
    except (ValueError, TypeError, OverflowError):
        return None


def _position(request: Request) -> int | None:
    """Where a file body starts; None if the body is no file that can seek."""
    tell = getattr(request.body, "tell", None)
    if tell is None:
        return None
    try:
        position: int = tell()
    except (OSError, ValueError):
        return None
    return position


def _rewound(request: Request, start: int | None) -> bool:
    """Whether the request can be sent once more; a file is set back to where it stood."""
    body = request.body
    if not request.repeatable:
        return False
    if body is None or isinstance(body, bytes):
        return True
    seek = getattr(body, "seek", None)
    if seek is None or start is None:
        return False
    try:
        seek(start)
    except (OSError, ValueError):
        return False
    return True
