"""What a webhook is told of drift: signed as the registry's webhooks are, and with the same limits on its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import clock, settings
from headrace.cli.output import say
from headrace.entities import Webhook, WebhookEvent
from headrace.registry.webhooks import rules, secrets
from headrace.registry.webhooks.sender import send
from headrace.stores.webhook_messages import body

if TYPE_CHECKING:
    from headrace.entities import Run
    from headrace.monitoring.report import Report

ATTEMPTS = 3
WAIT_S = 2.0  # before the second attempt, and twice that before the third
EVENT = WebhookEvent("MODEL_VERSION", "DRIFTED")


def check(url: str) -> None:
    """Raises InvalidValue for an address that may not be called."""
    rules.url(url)


class Alarm:
    """Told once of each set of alarms: a watcher that looks every ten minutes doesn't call every ten minutes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told: set[str] = set()

    def tell(self, report: Report, run: Run | None) -> None:
        """Talks of what fails; the report stands without."""
        places = {alarm.partition(": ")[0] for alarm in report.alarms}
        self._told &= places
        if places - self._told and self._sent(_body(report, run)):
            self._told = places

    def _sent(self, text: str) -> bool:
        secret = settings.MONITOR_WEBHOOK_SECRET.get()
        webhook = Webhook(
            webhook_id="monitor",
            name="monitor",
            url=self._url,
            events=(EVENT,),
            creation_timestamp=0,
            last_updated_timestamp=0,
            secret=secrets.sealed(secret) if secret else None,
        )
        delivery_id = clock.uuid_id()
        for attempt in range(ATTEMPTS):
            outcome = send(webhook, delivery_id, text)
            if outcome.error is None:
                return True
            if not outcome.again or attempt + 1 == ATTEMPTS:
                say(f"The webhook was not told. {outcome.error}")
                break
            clock.sleep_s(WAIT_S * 2**attempt)
        return False


def _body(report: Report, run: Run | None) -> str:
    columns = [
        {"column": one.column, "side": one.side, "psi": one.psi, "p_value": one.p_value, "why": one.why}
        for one in report.drifted
    ]
    said = {
        "model": report.model,
        "revision": report.revision,
        "alarms": report.alarms,
        "columns": columns,
        "requests": report.traffic.requests,
        "run_id": run.info.run_id if run else None,
    }
    return body(EVENT, report.at_ms, said)
