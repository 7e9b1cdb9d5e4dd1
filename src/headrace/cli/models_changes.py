"""`headrace models` for registered models: rename, update, delete, copy and download."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from headrace.cli.group import Command
from headrace.cli.models_named import (
    address_of,
    comment_option,
    hinted,
    model_at,
    name_argument,
    name_of,
    version_argument,
    version_at,
)
from headrace.cli.output import done
from headrace.cli.problem import Problem
from headrace.cli.session import registry

force_option = click.option("--force", is_flag=True, help="Although aliases point there.")


@click.command("rename", cls=Command, examples=["headrace models rename wine wine-quality"])
@name_argument
@click.argument("new_name", metavar="NEW_NAME")
@comment_option
def rename(name: str, new_name: str, comment: str | None) -> None:
    """Give a model another name. Versions, tags, aliases and history go with it; addresses by the old name end."""
    from headrace.client.acts import act

    with hinted(name):
        changed = registry().rename_registered_model(name, new_name, act=act(comment))
    done(f"Model {name!r} is called {changed.name!r} now.", changed)


@click.command(
    "update",
    cls=Command,
    examples=[
        'headrace models update wine --description "Quality from **chemistry**"',
        'headrace models update wine/3 --description ""',
    ],
)
@click.argument("address", metavar="NAME[/VERSION]")
@click.option("--description", required=True, metavar="TEXT", help="Markdown; an empty one clears it.")
@comment_option
def update(address: str, description: str, comment: str | None) -> None:
    """Describe a model, or a version."""
    from headrace.client.acts import act

    text = description or None
    if address_of(address) is None:
        name = name_of(address)
        with hinted(name):
            model = registry().update_registered_model(name, text, act=act(comment))
        done(f"Model {name!r} has {'another' if text else 'no'} description now.", model)
        return
    at = version_at(address)
    version = registry().update_model_version(at.name, at.version, text, act=act(comment))
    done(f"Version {at.version} of model {at.name!r} has {'another' if text else 'no'} description now.", version)


@click.command("delete", cls=Command, examples=["headrace models delete wine", "headrace models delete wine --force"])
@name_argument
@force_option
@comment_option
def delete(name: str, force: bool, comment: str | None) -> None:
    """Delete a model with its versions, tags and aliases. Its history stays, and so do the files."""
    from headrace.client.acts import act

    model = model_at(name)
    if model.aliases and not force:
        _refuse(f"Model {name!r}", model.aliases)
    registry().delete_registered_model(name, act=act(comment))
    done(f"Model {name!r} has been deleted.", {"name": name, "deleted": True})


@click.command(
    "delete-version", cls=Command, examples=["headrace models delete-version wine 3 --comment 'leaks labels'"]
)
@name_argument
@version_argument
@force_option
@comment_option
def delete_version(name: str, version: str, force: bool, comment: str | None) -> None:
    """Delete one version. Its number isn't used again, and its files stay."""
    from headrace.client.acts import act

    found = version_at(f"{name}/{version}")
    if found.aliases and not force:
        _refuse(f"Version {found.version} of model {name!r}", dict.fromkeys(found.aliases, found.version))
    registry().delete_model_version(name, found.version, act=act(comment))
    done(
        f"Version {found.version} of model {name!r} has been deleted.",
        {"name": name, "version": found.version, "deleted": True},
    )


@click.command(
    "copy",
    cls=Command,
    examples=[
        "headrace models copy wine@candidate wine-production",
        "headrace models copy wine/3 wine --to https://mlflow.example.org",
    ],
)
@click.argument("address", metavar="NAME/VERSION")
@click.argument("name", metavar="NEW_NAME")
@click.option("--to", "to", metavar="URI", help="Another server or store; the files go there too.")
@comment_option
def copy(address: str, name: str, to: str | None, comment: str | None) -> None:
    """Make a version the next one of another model, here or on another server."""
    from headrace.client.uri import get_registry_uri, get_tracking_uri
    from headrace.client.version_copy import copy_version

    found = version_at(address)
    made = copy_version(
        f"models:/{found.name}/{found.version}", name, get_registry_uri(), get_tracking_uri(), to, comment
    )
    where = f" at {to}" if to else ""
    done(f"Version {found.version} of model {found.name!r} is version {made.version} of {made.name!r}{where}.", made)


@click.command(
    "download",
    cls=Command,
    examples=["headrace models download wine@champion -d ./model", "headrace models download runs:/RUN/model"],
)
@click.argument("address", metavar="NAME/VERSION|URI")
@click.option(
    "--dst-path", "-d", metavar="DIR", type=click.Path(file_okay=False), help="A new temporary folder if absent."
)
def download(address: str, dst_path: str | None) -> None:
    """Download the files of a model, compare them with what was registered, and print where they are now."""
    from headrace.client.artifacts import download_artifacts

    if ":" not in address:
        found = version_at(address)
        address = f"models:/{found.name}/{found.version}"
    folder = Path(dst_path or tempfile.mkdtemp(prefix="headrace-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    local = download_artifacts(artifact_uri=address, dst_path=str(folder))
    done(local, {"path": local})


def _refuse(what: str, aliases: dict[str, str]) -> None:
    there = ", ".join(f"{alias} → {version}" for alias, version in sorted(aliases.items()))
    raise Problem(
        f"{what} has aliases: {there}.", "Whoever loads by them would find nothing; --force deletes it all the same."
    )
