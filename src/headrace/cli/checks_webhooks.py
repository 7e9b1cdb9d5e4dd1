"""What `headrace doctor` looks at in webhooks: what they weren't told, and whether anybody sends. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from headrace import clock
from headrace.cli import cells
from headrace.cli.checks import Finding
from headrace.cli.checks_models import is_current
from headrace.cli.session import webhooks
from headrace.entities import Webhook
from headrace.errors import Forbidden, NotSupported, RouteNotFound, Unauthenticated
from headrace.stores.registry import WebhookService

_PAGE = 1000
_OVERDUE_MS = 60_000  # a server that runs sends within seconds


def examine() -> Iterator[Finding]:
    from headrace.client.uri import get_registry_uri

    uri = get_registry_uri()
    if not uri.startswith(("http://", "https://")) and not is_current(uri):
        return
    service = webhooks()
    try:
        for webhook in service.list_webhooks(_PAGE):
            yield from _of(service, webhook)
    except (NotSupported, RouteNotFound, Forbidden, Unauthenticated):
        return  # they are for admins, and not every server has a log


def _of(service: WebhookService, webhook: Webhook) -> Iterator[Finding]:
    name = f"{webhook.name!r}"
    failed = service.search_deliveries(webhook.webhook_id, "failed", _PAGE)
    if failed:
        last = failed[0]
        yield Finding(
            "webhook",
            "warn",
            f"{name} was not told {len(failed)}{'+' if failed.token else ''} times, lastly of {last.event} at "
            f"{cells.time(last.created_ms)}: {last.error}",
            f"headrace webhooks test {webhook.name}; then headrace webhooks replay --failed-of {webhook.name}",
        )
    waiting = service.search_deliveries(webhook.webhook_id, "waiting", _PAGE)
    overdue = [each for each in waiting if each.due_ms < clock.now_ms() - _OVERDUE_MS]
    if overdue and webhook.status == "ACTIVE":
        yield Finding(
            "webhook",
            "warn",
            f"{name} is to be told {len(overdue)} things, and nobody sends them",
            "A server of this store sends, while one runs: headrace server.",
        )
    if not failed and not overdue:
        yield Finding("webhook", "ok", f"{name} is told all, {len(waiting)} on their way")
