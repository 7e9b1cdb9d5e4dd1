"""`headrace models` for registered models: find, register, show, name, delete, copy, download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from headrace.cli import cells
from headrace.cli.experiments import tags_of
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
from headrace.cli.output import done, say, show, table
from headrace.cli.session import registry
from headrace.entities import ModelVersionStage, ModelVersionTag, Page, RegisteredModelTag
from headrace.errors import InvalidValue

LISTED = 1000  # what one screenful of scrolling bears
_PAGE = 1000  # of a search, the most that a registry gives of models

filter_option = click.option(
    "--filter", "filter_string", metavar="FILTER", help="Such as \"name LIKE 'wine%' AND tags.team = 'a'\"."
)
order_option = click.option(
    "--order-by", multiple=True, metavar="KEY [ASC|DESC]", help="Such as 'last_updated_timestamp DESC'; may repeat."
)
most_option = click.option("--max-results", type=click.IntRange(min=1), default=LISTED, show_default=True, metavar="N")
tags_argument = click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE ...")
tag_option = click.option("--tag", "-t", "tags", multiple=True, metavar="KEY=VALUE", help="Repeat for several.")

T = TypeVar("T")


@click.command(
    "search",
    cls=Command,
    examples=[
        "headrace models search",
        "headrace models search --filter \"name LIKE 'wine%' AND tags.team = 'vision'\"",
        "headrace models list --order-by 'last_updated_timestamp DESC' --json",
    ],
)
@filter_option
@order_option
@most_option
def search(filter_string: str | None, order_by: tuple[str, ...], max_results: int) -> None:
    """List registered models."""
    store = registry()
    found = _all(lambda size, token: store.search_registered_models(filter_string, size, order_by, token), max_results)
    show(
        found,
        lambda: table(
            ["Name", "Newest", "Aliases", "Updated", "Description"],
            [
                [
                    model.name,
                    max((int(version.version) for version in model.latest_versions), default=cells.MISSING),
                    cells.one_line(", ".join(f"{alias} → {v}" for alias, v in sorted(model.aliases.items()))),
                    cells.time(model.last_updated_timestamp),
                    cells.one_line(model.description or "", 60),
                ]
                for model in found
            ],
            right=["Newest"],
        ),
    )
    _more(found, max_results)


@click.command(
    "versions",
    cls=Command,
    examples=[
        "headrace models versions wine",
        "headrace models versions wine --filter \"tags.checked = 'yes'\" --max-results 5",
        "headrace models versions --filter \"run_id = 'RUN'\" --json",
    ],
)
@click.argument("name", metavar="[NAME]", required=False)
@filter_option
@order_option
@most_option
def versions(name: str | None, filter_string: str | None, order_by: tuple[str, ...], max_results: int) -> None:
    """List the versions of a model, newest first, or those of all models that a filter finds."""
    from headrace.cli.models_shown import versions_table

    store = registry()
    aliases: dict[str, str] = {}
    if name is not None:
        model = model_at(name_of(name))
        aliases = model.aliases
        own = f"name = {_quoted(model.name)}"
        filter_string = f"{own} AND {filter_string}" if filter_string else own
        order_by = order_by or ("version_number DESC",)
    found = _all(lambda size, token: store.search_model_versions(filter_string, size, order_by, token), max_results)
    show(found, lambda: versions_table(found, aliases, named=name is None))
    _more(found, max_results)


@click.command(
    "show",
    cls=Command,
    examples=[
        "headrace models show wine",
        "headrace models show wine@champion",
        "headrace models show wine/3 --json | jq .version.digest",
    ],
)
@click.argument("address", metavar="NAME[/VERSION]")
def show_(address: str) -> None:
    """Show a registered model, or one version of it."""
    from headrace.cli import models_shown

    if address_of(address) is None:
        model = model_at(name_of(address))
        newest = registry().search_model_versions(
            f"name = {_quoted(model.name)}", models_shown.SHOWN_VERSIONS, ["version_number DESC"]
        )
        show({"model": model, "versions": newest}, lambda: models_shown.model(model, newest))
        return
    found = models_shown.facts_of(version_at(address))
    show(found, lambda: models_shown.version(found))


@click.command(
    "register",
    cls=Command,
    examples=[
        "headrace models register models:/m-0e0a5b1c8d3f4c2b9a7e6f5d4c3b2a19 wine",
        'headrace models register runs:/RUN/model wine --alias champion --comment "AUC 0.93 on May\'s data"',
        "headrace models register ./model wine -t team=vision",
    ],
)
@click.argument("uri", metavar="URI")
@name_argument
@tag_option
@click.option("--description", metavar="TEXT", help="Of the version; Markdown.")
@click.option("--alias", "-a", "aliases", multiple=True, metavar="ALIAS", help="Moved to the version; may repeat.")
@click.option(
    "--await", "await_s", type=click.FloatRange(min=0), default=300, show_default=True, metavar="SECONDS",
    help="How long to wait until the version is ready.",
)  # fmt: skip
@comment_option
def register(
    uri: str,
    name: str,
    tags: tuple[str, ...],
    description: str | None,
    aliases: tuple[str, ...],
    await_s: float,
    comment: str | None,
) -> None:
    """Make the next version of a model from a run's model, a logged model, another version, an address or a folder.

    The model is made if it is missing.
    """
    from headrace.client.acts import act
    from headrace.client.registration import register

    store = registry(make=True)
    made = register(uri, name, await_s, tags_of(tags), comment)
    if description is not None:
        made = store.update_model_version(made.name, made.version, description, act=act(comment))
    for alias in aliases:
        store.set_registered_model_alias(made.name, alias, made.version, act=act(comment))
    said = f", with {_listed('alias', aliases)}" if aliases else ""
    record = store.get_model_version(made.name, made.version) if aliases else made
    done(f"Registered version {made.version} of model {made.name!r}{said}.", record)


@click.command(
    "alias",
    cls=Command,
    examples=[
        "headrace models alias wine champion 3",
        'headrace models alias wine champion @candidate --comment "a week of shadow traffic went well"',
    ],
)
@name_argument
@click.argument("alias", metavar="ALIAS")
@version_argument
@comment_option
def alias(name: str, alias: str, version: str, comment: str | None) -> None:
    """Move an alias to a version: its number, or @ALIAS for where another alias points."""
    from headrace.client.acts import act

    store = registry()
    number = _number(name, version)
    with hinted(name):
        before = store.get_registered_model(name).aliases.get(alias)
        store.set_registered_model_alias(name, alias, number, act=act(comment))
    came = f", from version {before}" if before is not None and before != number else ""
    done(
        f"Alias {alias!r} of model {name!r} points to version {number}{came}.",
        {"name": name, "alias": alias, "version": number, "before": before},
    )


@click.command("unalias", cls=Command, examples=["headrace models unalias wine challenger"])
@name_argument
@click.argument("alias", metavar="ALIAS")
@comment_option
def unalias(name: str, alias: str, comment: str | None) -> None:
    """Remove an alias; the version stays."""
    from headrace.cli.models_named import missing_alias
    from headrace.client.acts import act

    model = model_at(name)
    if alias not in model.aliases:
        raise missing_alias(model, alias)
    registry().delete_registered_model_alias(name, alias, act=act(comment))
    done(
        f"Model {name!r} has no alias {alias!r} any more; it pointed to version {model.aliases[alias]}.",
        {"name": name, "alias": alias, "before": model.aliases[alias]},
    )


@click.command(
    "stage",
    cls=Command,
    examples=["headrace models stage wine 3 production --archive-existing", "headrace models stage wine 2 none"],
)
@name_argument
@version_argument
@click.argument("stage", type=click.Choice(ModelVersionStage.ALL, case_sensitive=False))
@click.option("--archive-existing", is_flag=True, help="The other versions of that stage become Archived.")
@comment_option
def stage(name: str, version: str, stage: str, archive_existing: bool, comment: str | None) -> None:
    """Put a version into one of MLflow's four stages; aliases say more, and say it to more tools."""
    from headrace.client.acts import act

    number = _number(name, version)
    with hinted(name):
        changed = registry().transition_model_version_stage(name, number, stage, archive_existing, act=act(comment))
    done(f"Version {number} of model {name!r} is in stage {changed.current_stage}.", changed)


@click.command(
    "tag",
    cls=Command,
    examples=["headrace models tag wine team=vision", "headrace models tag wine/3 checked=yes by=anna"],
)
@click.argument("address", metavar="NAME[/VERSION]")
@tags_argument
@comment_option
def tag(address: str, pairs: tuple[str, ...], comment: str | None) -> None:
    """Set tags of a model, or of a version."""
    from headrace.client.acts import act

    tags, doing, store = tags_of(pairs), act(comment), registry()
    if address_of(address) is None:
        model = model_at(name_of(address))
        for key, value in tags.items():
            store.set_registered_model_tag(model.name, RegisteredModelTag(key, value), act=doing)
        done(f"Model {model.name!r} has {_listed('tag', tags)} now.", store.get_registered_model(model.name))
        return
    version = version_at(address)
    for key, value in tags.items():
        store.set_model_version_tag(version.name, version.version, ModelVersionTag(key, value), act=doing)
    done(
        f"Version {version.version} of model {version.name!r} has {_listed('tag', tags)} now.",
        store.get_model_version(version.name, version.version),
    )


@click.command(
    "untag", cls=Command, examples=["headrace models untag wine team", "headrace models untag wine/3 checked by"]
)
@click.argument("address", metavar="NAME[/VERSION]")
@click.argument("keys", nargs=-1, required=True, metavar="KEY ...")
@comment_option
def untag(address: str, keys: tuple[str, ...], comment: str | None) -> None:
    """Remove tags of a model, or of a version."""
    from headrace.client.acts import act

    doing, store = act(comment), registry()
    if address_of(address) is None:
        model = model_at(name_of(address))
        _refuse_absent_tags(model.tags, keys)
        for key in keys:
            store.delete_registered_model_tag(model.name, key, act=doing)
        done(f"Model {model.name!r} has no {_listed('tag', keys)} any more.", store.get_registered_model(model.name))
        return
    version = version_at(address)
    _refuse_absent_tags(version.tags, keys)
    for key in keys:
        store.delete_model_version_tag(version.name, version.version, key, act=doing)
    done(
        f"Version {version.version} of model {version.name!r} has no {_listed('tag', keys)} any more.",
        store.get_model_version(version.name, version.version),
    )


def _all(ask: Callable[[int, str | None], Page[T]], most: int) -> list[T]:
    found, token = list[T](), None
    while len(found) < most:
        page = ask(min(_PAGE, most - len(found)), token)
        found += page
        token = page.token
        if token is None:
            break
    return found


def _more(found: Sequence[object], most: int) -> None:
    if len(found) == most:
        say(f"There may be more than these {most}; --max-results shows them.")


def _number(name: str, version: str) -> str:
    """Of a version given by number, or by an address of the same model."""
    if version.isdigit():
        return version
    if version.startswith("@"):
        version = f"{name}{version}"
    found = version_at(version if "@" in version or "/" in version else f"{name}/{version}")
    if found.name != name:
        raise InvalidValue("VERSION", version, f"it is a version of {found.name!r}; copy it to {name!r} first.")
    return found.version


def _refuse_absent_tags(tags: dict[str, str], keys: Sequence[str]) -> None:
    missing = [key for key in keys if key not in tags]
    if missing:
        has = ", ".join(sorted(tags)) or "none"
        raise InvalidValue("KEY", missing[0], f"there is no such tag; there are: {has}.")


def _listed(noun: str, names: Any) -> str:
    names = list(names)
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"the {noun if len(names) == 1 else plural} {', '.join(names)}"


def _quoted(text: str) -> str:
    quote = '"' if "'" in text else "'"
    if quote in text:
        raise InvalidValue("NAME", text, "names with both kinds of quotes can't be searched for.")
    return f"{quote}{text}{quote}"
