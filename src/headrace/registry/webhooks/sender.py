"""One attempt to deliver: what came of it, in words that a log may show. The address of a webhook may itself be secret
(many hold a token in their path), so no message tells more of it than the host."""

from __future__ import annotations

import msgspec

from headrace import clock
from headrace.entities import Webhook, WebhookDelivery
from headrace.errors import Forbidden, HeadraceError, InvalidState, InvalidValue, TimedOut
from headrace.net.fetch import Line, post
from headrace.net.problems import server_of
from headrace.net.retry import retry_after_s
from headrace.registry.webhooks import rules, secrets, signing

RETRIED_STATUSES = frozenset({408, 425, 429}) | frozenset(range(500, 600))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """error: None for a delivered one. retry_after_s: what the target asked for. again: whether it is worth another
    attempt."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after_s: float | None = None
    again: bool = False


def send(webhook: Webhook, delivery_id: str, text: str, line: Line | None = None) -> Outcome:
    """Never raises for what the target does. line: see `post`."""
    body = text.encode()
    limits = rules.limits()
    try:
        secret = None if webhook.secret is None else secrets.opened(webhook.secret)
        answer = post(webhook.url, body, limits, signing.headers(delivery_id, body, secret), line)
    except TimedOut:
        where = server_of(webhook.url)
        return Outcome(error=f"{where} gave no answer within {limits.timeout_s:g} s.", again=True)
    except InvalidState as error:
        return Outcome(error=error.message, again=True)  # a missing key may be given yet
    except (Forbidden, InvalidValue) as error:
        return Outcome(error=error.message)
    except HeadraceError as error:
        return Outcome(error=error.message, again=True)
    said = answer.body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    if 200 <= answer.status < 300:
        return Outcome(status=answer.status, body=said)
    return Outcome(
        status=answer.status,
        body=said,
        error=_refusal(answer.status, server_of(webhook.url)),
        retry_after_s=retry_after_s(answer.headers.get("retry-after", "")),
        again=answer.status in RETRIED_STATUSES,
    )


def _refusal(status: int, where: str) -> str:
    if 300 <= status < 400:
        return f"{where} answered {status}: a redirect isn't followed; give the webhook its final address."
    return f"{where} answered {status}."


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a delivery is tried: the n-th retry waits backoff_s × 2^(n-1) seconds, at most an hour, and up to half
    of that more; longer where the target asks for it, at most a day."""

    max_retries: int
    backoff_s: float

    def settled(self, delivery: WebhookDelivery, outcome: Outcome) -> WebhookDelivery:
        """The delivery after an attempt that its `attempts` counts already."""
        now = clock.now_ms()
        answered = msgspec.structs.replace(
            delivery, response_status=outcome.status, response_body=outcome.body, error=outcome.error
        )
        if outcome.error is None:
            return msgspec.structs.replace(answered, state="delivered", ended_ms=now, due_ms=now)
        if not outcome.again or delivery.attempts > self.max_retries:
            return msgspec.structs.replace(answered, state="failed", ended_ms=now, due_ms=now)
        return msgspec.structs.replace(answered, due_ms=now + int(1000 * self._wait_s(delivery.attempts, outcome)))

    def _wait_s(self, attempts: int, outcome: Outcome) -> float:
        backoff_s = min(self.backoff_s * 2.0 ** min(attempts - 1, 30), 3600.0)
        return max(backoff_s + clock.jitter(backoff_s / 2), min(outcome.retry_after_s or 0.0, 86_400.0))
