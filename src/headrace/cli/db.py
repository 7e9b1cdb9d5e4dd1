"""`headrace db`."""

from __future__ import annotations

import click

from headrace.cli.group import Group
from headrace.cli.output import done, fields, show

SENTENCES = {
    "empty": "It holds no tables; the first use, or headrace db upgrade, makes them.",
    "current": "It is up to date.",
    "older": "It is older than this installation; headrace db upgrade, or the first use, brings it forward.",
    "newer": "A newer Headrace made it. Upgrade this installation: pip install -U headrace",
    "mlflow": "It holds MLflow's tables, which Headrace never touches. Give Headrace a database of its own.",
    "foreign": "It holds tables of something else. Give Headrace a database of its own.",
}

url_argument = click.argument("url", metavar="URL")


@click.group(cls=Group)
def db() -> None:
    """Look at and upgrade the schema of a database."""


@db.command(
    "status",
    tracking=False,
    examples=["headrace db status sqlite:///runs.db", "headrace db status postgresql://user@db.example/headrace"],
)
@url_argument
def status(url: str) -> None:
    """Say which schema a database has, without changing it."""
    from headrace.cli.database import look

    found = look(url)
    show(
        found,
        lambda: fields(
            [
                ("Database", found.place),
                ("Server", found.server),
                ("Schema", found.schema or "none"),
                ("Newest known", found.newest),
                ("", SENTENCES[found.state]),
            ]
        ),
    )


@db.command("upgrade", tracking=False, examples=["headrace db upgrade sqlite:///runs.db"])
@url_argument
def upgrade(url: str) -> None:
    """Bring a database to the schema of this installation, or make it in an empty one.

    Under a lock: several may start at once. Keep a backup: there is no way back.
    """
    from headrace.cli.backend import open_as_server
    from headrace.cli.database import look
    from headrace.cli.session import database_file

    path = database_file(url)
    before = look(url).schema if path is None or path.exists() else None
    open_as_server(url).close()
    after = look(url)
    told = "was up to date" if before == after.schema else f"came from schema {before or 'none'}"
    done(f"{after.place} has schema {after.schema}; it {told}.", after)
