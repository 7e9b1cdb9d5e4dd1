"""`headrace webhooks`: who is told of what happens to registered models, and what became of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, get_args

import click

from headrace.cli import cells
from headrace.cli.group import Group
from headrace.cli.output import done, fields, say, show, table
from headrace.cli.problem import EXIT_STATUS, Problem
from headrace.cli.session import database_file, session, webhooks
from headrace.entities import DeliveryState, Webhook, WebhookDelivery, WebhookEvent

if TYPE_CHECKING:
    from rich.table import Table

    from headrace.stores.registry import WebhookService

PAGE = 1000

webhook_argument = click.argument("webhook", metavar="WEBHOOK")
event_option = click.option(
    "--event",
    "-e",
    "events",
    multiple=True,
    metavar="EVENT",
    help="What to tell, such as model_version_alias.created; may be repeated.",
)
description_option = click.option("--description", metavar="TEXT", help="What it is for.")
secret_option = click.option("--secret-stdin", is_flag=True, help="Read the secret that signs from stdin.")
new_secret_option = click.option("--new-secret", is_flag=True, help="Make a secret, and print it this once.")


@click.group("webhooks", cls=Group)
def group() -> None:
    """Tell other programs what happens to registered models."""


@group.command("list", examples=["headrace webhooks list", "headrace webhooks list --json"])
def list_() -> None:
    """List webhooks, newest first."""
    found = _all(webhooks())
    show(
        [_record(each) for each in found],
        lambda: table(
            ["Name", "Id", "Address", "Is told", "Status"],
            [
                [each.name, each.webhook_id, each.url, ", ".join(map(str, each.events)), each.status.lower()]
                for each in found
            ],
        ),
    )


@group.command(
    "create",
    examples=[
        "headrace webhooks create deploy https://ci.example.com/hooks/42 -e model_version_alias.created --new-secret",
        "pass show hook | headrace webhooks create audit https://audit.example.com/ -e prompt.created --secret-stdin",
    ],
)
@click.argument("name")
@click.argument("url")
@event_option
@description_option
@secret_option
@new_secret_option
def create(
    name: str, url: str, events: tuple[str, ...], description: str | None, secret_stdin: bool, new_secret: bool
) -> None:
    """Make a webhook. Addresses are https and public, unless the server's settings allow others."""
    from headrace.client.uri import get_registry_uri

    if not events:
        raise click.UsageError(f"Which events? Give --event at least once: {', '.join(_known())}.")
    secret = _secret(secret_stdin, new_secret)
    made = webhooks(make=True).create_webhook(name, url, _parsed(events), description, secret)
    _told(f"Webhook {made.name!r} has been made: {made.webhook_id}.", made, secret if new_secret else None)
    if database_file(get_registry_uri()) is not None:
        say("A server of this store tells it, while one runs; so what happens waits for: headrace server.")


@group.command("show", examples=["headrace webhooks show deploy"])
@webhook_argument
def show_(webhook: str) -> None:
    """Show a webhook, by its name or id, and how its deliveries stand."""
    service = webhooks()
    found = _find(service, webhook)
    counts = {state: _count(service, found, state) for state in get_args(DeliveryState)}
    show(_record(found) | {"deliveries": counts}, lambda: _described(found, counts))


@group.command(
    "update",
    examples=["headrace webhooks update deploy --disable", "headrace webhooks update deploy --new-secret"],
)
@webhook_argument
@click.option("--name", metavar="NAME")
@click.option("--url", metavar="URL")
@event_option
@description_option
@secret_option
@new_secret_option
@click.option("--enable/--disable", "enabled", default=None, help="What is to be told while it is disabled, isn't.")
def update(
    webhook: str,
    name: str | None,
    url: str | None,
    events: tuple[str, ...],
    description: str | None,
    secret_stdin: bool,
    new_secret: bool,
    enabled: bool | None,
) -> None:
    """Change what is given; the rest stays."""
    service = webhooks()
    found = _find(service, webhook)
    secret = _secret(secret_stdin, new_secret)
    changed = service.update_webhook(
        found.webhook_id,
        name=name,
        url=url,
        events=_parsed(events) or None,
        description=description,
        secret=secret,
        status=None if enabled is None else "ACTIVE" if enabled else "DISABLED",
    )
    _told(f"Webhook {changed.name!r} has been changed.", changed, secret if new_secret else None)


@group.command("delete", examples=["headrace webhooks delete deploy"])
@webhook_argument
def delete(webhook: str) -> None:
    """Delete a webhook and the log of its deliveries."""
    service = webhooks()
    found = _find(service, webhook)
    service.delete_webhook(found.webhook_id)
    done(f"Webhook {found.name!r} has been deleted.", {"webhook_id": found.webhook_id})


@group.command(
    "test",
    examples=["headrace webhooks test deploy", "headrace webhooks test deploy --event model_version.created"],
)
@webhook_argument
@click.option("--event", metavar="EVENT", help="Which example to send; by default of the first event it is told of.")
def test(webhook: str, event: str | None) -> None:
    """Send an example now, and tell what was answered; exit status 1 if it failed."""
    service = webhooks()
    found = _find(service, webhook)
    result = service.test_webhook(found.webhook_id, _parsed([event])[0] if event else None)
    answered = f" with {result.response_status}" if result.response_status is not None else ""
    if result.success:
        done(f"Webhook {found.name!r} answered{answered}.", result)
        return
    if session().json:
        done("", result)
        sys.exit(EXIT_STATUS)
    raise Problem(
        f"Webhook {found.name!r} was not told. {result.error_message}", cells.one_line(result.response_body or "")
    )


@group.command(
    "deliveries",
    examples=["headrace webhooks deliveries deploy", "headrace webhooks deliveries deploy --state failed"],
)
@webhook_argument
@click.option("--state", type=click.Choice(get_args(DeliveryState)))
@click.option("--max-results", "-n", type=click.IntRange(1, PAGE), default=50, show_default=True)
def deliveries(webhook: str, state: DeliveryState | None, max_results: int) -> None:
    """List what a webhook was told, newest first, and what it answered."""
    service = webhooks()
    found = service.search_deliveries(_find(service, webhook).webhook_id, state, max_results)
    show(
        [_delivery_record(each) for each in found],
        lambda: table(
            ["When", "What", "Of", "State", "Attempts", "Answer", "Id"],
            [
                [
                    cells.time(each.created_ms),
                    str(each.event),
                    _subject(each),
                    each.state,
                    each.attempts,
                    _answer(each),
                    each.delivery_id,
                ]
                for each in found
            ],
            right=["Attempts"],
        ),
    )


@group.command(
    "replay",
    examples=["headrace webhooks replay 5f0d…", "headrace webhooks replay --failed-of deploy"],
)
@click.argument("delivery_ids", metavar="[DELIVERY]...", nargs=-1)
@click.option("--failed-of", metavar="WEBHOOK", help="All failed deliveries of this webhook.")
def replay(delivery_ids: tuple[str, ...], failed_of: str | None) -> None:
    """Send deliveries again, each with its id; one that waits for its next attempt is sent now."""
    if bool(delivery_ids) == (failed_of is not None):
        raise click.UsageError("Name deliveries, or a webhook with --failed-of.")
    service = webhooks()
    ids = list(delivery_ids) if failed_of is None else _failed(service, _find(service, failed_of))
    replayed = [service.replay_delivery(each) for each in ids]
    done(
        f"{len(replayed)} {'delivery waits' if len(replayed) == 1 else 'deliveries wait'} to be sent again.",
        [_delivery_record(each) for each in replayed],
    )


def _all(service: WebhookService) -> list[Webhook]:
    found: list[Webhook] = []
    token: str | None = None
    while True:
        page = service.list_webhooks(PAGE, token)
        found += page
        token = page.token
        if token is None:
            return found


def _find(service: WebhookService, text: str) -> Webhook:
    """By id, or by a name that only one has."""
    known = _all(service)
    chosen = [each for each in known if each.webhook_id == text] or [each for each in known if each.name == text]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        ids = ", ".join(each.webhook_id for each in chosen)
        raise Problem(f"{len(chosen)} webhooks are called {text!r}.", f"Name one by its id: {ids}.")
    raise Problem(f"There is no webhook {text!r}.", "headrace webhooks list shows those there are.")


def _failed(service: WebhookService, webhook: Webhook) -> list[str]:
    found: list[str] = []
    token: str | None = None
    while True:
        page = service.search_deliveries(webhook.webhook_id, "failed", PAGE, token)
        found += [each.delivery_id for each in page]
        token = page.token
        if token is None:
            return found[::-1]


def _count(service: WebhookService, webhook: Webhook, state: DeliveryState) -> str:
    page = service.search_deliveries(webhook.webhook_id, state, PAGE)
    return f"{len(page)}{'+' if page.token else ''}"


def _parsed(events: tuple[str, ...] | list[str]) -> list[WebhookEvent]:
    from headrace.registry.webhooks.events import parsed

    return [parsed(each) for each in events]


def _known() -> list[str]:
    from headrace.registry.webhooks.events import EVENTS

    return [str(each) for each in EVENTS]


def _secret(from_stdin: bool, make: bool) -> str | None:
    if from_stdin and make:
        raise click.UsageError("--secret-stdin and --new-secret exclude each other.")
    if make:
        from headrace.registry.webhooks.secrets import new_secret

        return new_secret()
    if not from_stdin:
        return None
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise click.UsageError("--secret-stdin: nothing came on stdin.")
    return secret


def _told(sentence: str, webhook: Webhook, secret: str | None) -> None:
    if secret is None:
        done(sentence, _record(webhook))
        return
    done(secret, _record(webhook) | {"secret": secret})
    say(f"{sentence} Its secret is shown this once: the receiver needs it to check X-MLflow-Signature.")


def _record(webhook: Webhook) -> dict[str, object]:
    return {
        "webhook_id": webhook.webhook_id,
        "name": webhook.name,
        "url": webhook.url,
        "events": [str(each) for each in webhook.events],
        "description": webhook.description,
        "status": webhook.status,
        "creation_timestamp": webhook.creation_timestamp,
        "last_updated_timestamp": webhook.last_updated_timestamp,
    }


def _described(webhook: Webhook, counts: dict[str, str]) -> Table:
    return fields(
        [
            ("Id", webhook.webhook_id),
            ("Address", webhook.url),
            ("Is told", ", ".join(map(str, webhook.events))),
            ("Description", webhook.description or cells.MISSING),
            ("Status", webhook.status.lower()),
            ("Made", cells.time(webhook.creation_timestamp)),
            ("Changed", cells.time(webhook.last_updated_timestamp)),
            ("Deliveries", ", ".join(f"{count} {state}" for state, count in counts.items())),
        ],
        title=webhook.name,
    )


def _delivery_record(delivery: WebhookDelivery) -> dict[str, object]:
    return {
        "delivery_id": delivery.delivery_id,
        "event": str(delivery.event),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "created_ms": delivery.created_ms,
        "due_ms": delivery.due_ms,
        "ended_ms": delivery.ended_ms,
        "response_status": delivery.response_status,
        "response_body": delivery.response_body,
        "error": delivery.error,
        "body": delivery.body,
    }


def _subject(delivery: WebhookDelivery) -> str:
    """The model that was told of, and its version or alias."""
    data = json.loads(delivery.body).get("data", {})
    parts = [data.get("name", ""), f"@{data['alias']}" if "alias" in data else "", data.get("version") or ""]
    return cells.one_line(" ".join(part for part in parts if part)) or cells.MISSING


def _answer(delivery: WebhookDelivery) -> str:
    if delivery.error is None:
        return cells.MISSING if delivery.response_status is None else str(delivery.response_status)
    again = f"; again at {cells.time(delivery.due_ms)}" if delivery.state == "waiting" else ""
    return cells.one_line(delivery.error, 200) + again
