"""What every command shares: the tracking URI, and whether to print JSON. Both may stand before or after the noun."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace import settings
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from headrace.client import MlflowClient
    from headrace.stores.base import TrackingStore
    from headrace.stores.registry import RegistryStore, WebhookService


RETRIES = 1  # somebody waits at the terminal: seconds, not the minutes that a training job bears


@dataclass
class Session:
    json: bool = False
    uri_given: bool = False


def session() -> Session:
    return click.get_current_context().ensure_object(Session)


def store(*, make: bool = False) -> TrackingStore:
    """The store of the tracking URI; closed when the process ends. make: an embedded one may be made; without it, a
    command that only looks leaves no empty store in a folder where nothing was logged."""
    from headrace.client.open import tracking_store
    from headrace.client.uri import get_tracking_uri

    if not make:
        refuse_absent(get_tracking_uri())
    hurry()
    return tracking_store()


def registry(*, make: bool = False) -> RegistryStore:
    """As `store`, of the registry URI."""
    from headrace.client.open import registry_store
    from headrace.client.uri import get_registry_uri

    if not make:
        refuse_absent(get_registry_uri())
    hurry()
    return registry_store()


def webhooks(*, make: bool = False) -> WebhookService:
    """As `store`, of the registry URI."""
    from headrace.client.open import webhook_service
    from headrace.client.uri import get_registry_uri

    if not make:
        refuse_absent(get_registry_uri())
    hurry()
    return webhook_service()


def hurry() -> None:
    if not settings.HTTP_MAX_RETRIES.is_set():
        os.environ[settings.HTTP_MAX_RETRIES.names[0]] = str(RETRIES)


def refuse_absent(uri: str) -> None:
    from headrace.client.outbox.open import OFFLINE, offline_folder

    path = offline_folder(uri) if uri.startswith(OFFLINE) else database_file(uri)
    if path is not None and not path.exists():
        raise InvalidValue(
            message=f"There is no store at {str(path)!r}. Go to the folder where runs were logged, or name their place "
            "with --tracking-uri or HEADRACE_TRACKING_URI."
        )


def database_file(uri: str) -> Path | None:
    """Of an embedded or SQLite store; None for others."""
    from headrace.client.open import DATABASE_FILE, embedded_folder

    if uri.startswith("sqlite:"):
        from headrace.stores.sql.address import SqliteAddress, parse

        address = parse(uri)
        assert isinstance(address, SqliteAddress)
        return Path(address.path)
    if uri.startswith("file:") or (":" not in uri and uri != "databricks"):
        return embedded_folder(uri) / DATABASE_FILE
    return None


def client() -> MlflowClient:
    """For transfers: it tries again as often as a training job does."""
    from headrace.client import MlflowClient

    return MlflowClient()


def _choose_uri(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value and not context.resilient_parsing:
        from headrace.client.uri import set_tracking_uri

        set_tracking_uri(value)
        context.ensure_object(Session).uri_given = True


def _choose_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).json = True


tracking_uri_option = click.option(
    "--tracking-uri",
    metavar="URI",
    expose_value=False,
    callback=_choose_uri,
    help="Store to use: folder, sqlite:///, postgresql://, http(s)://; offline:FOLDER reads journals.",
)
json_option = click.option(
    "--json", is_flag=True, expose_value=False, callback=_choose_json, help="Print JSON to stdout."
)
