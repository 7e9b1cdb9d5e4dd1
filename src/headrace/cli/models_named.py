"""How commands name registered models and versions: NAME, NAME/3, NAME@ALIAS, NAME/Production, NAME/latest, with
models:/ before it or without. A name that isn't there is told with those that look like it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import click

from headrace.cli.problem import Problem
from headrace.cli.session import registry
from headrace.entities import ModelVersion, RegisteredModel
from headrace.errors import HeadraceError, InvalidValue, NotFound
from headrace.stores.model_uris import ModelAddress, is_models_uri, parse, version_of

_LOOKED_AT = 1000  # names, for near misses
_NAMED = 10
_NO_ALIAS = re.compile(r"no alias|alias \S+ not found")  # a server of MLflow's says the second

comment_option = click.option(
    "--comment", metavar="TEXT", help="Why; kept in the model's history with who you are and when."
)
name_argument = click.argument("name", metavar="NAME")
version_argument = click.argument("version", metavar="VERSION")
address_argument = click.argument("address", metavar="NAME/VERSION")


def address_of(text: str) -> ModelAddress | None:
    """None for what names a model and no version of it."""
    body = text.partition(":")[2].lstrip("/") if is_models_uri(text) else text
    if "/" not in body and "@" not in body:
        return None
    address = parse(f"models:/{body}")
    if address.model_id:
        raise InvalidValue("NAME/VERSION", text, "this is a logged model, not a version of a registered one.")
    if address.path:
        raise InvalidValue("NAME/VERSION", text, "a version is named by NAME/3, NAME@ALIAS or NAME/Production.")
    return address


def name_of(text: str) -> str:
    """Of a model, with models:/ before it or without."""
    return text.partition(":")[2].strip("/") if is_models_uri(text) else text


def version_at(text: str) -> ModelVersion:
    address = address_of(text)
    if address is None:
        raise InvalidValue("NAME/VERSION", text, "say which version: NAME/3, NAME@ALIAS, NAME/Production, NAME/latest.")
    with hinted(address.name):
        return version_of(address, registry())


def model_at(name: str) -> RegisteredModel:
    with hinted(name):
        return registry().get_registered_model(name)


def missing_alias(model: RegisteredModel, alias: str) -> Problem:
    near = get_close_matches(alias, model.aliases)
    there = ", ".join(f"{each} → {version}" for each, version in sorted(model.aliases.items()))
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Its aliases: {there or 'none'}."
    return Problem(f"Model {model.name!r} has no alias {alias!r}.", hint)


@contextmanager
def hinted(name: str) -> Iterator[None]:
    """What isn't there is told with what is."""
    try:
        yield
    except (NotFound, InvalidValue) as error:
        if isinstance(error, InvalidValue) and not _NO_ALIAS.search(error.message):
            raise
        hint = _hint(name, error.message)
        if not hint:
            raise
        raise Problem(error.message, hint, error) from error


def _hint(name: str, said: str) -> str:
    try:
        model = registry().get_registered_model(name)
    except NotFound:
        return _names(name)
    except HeadraceError:
        return ""
    if "its aliases" in said or "has no versions" in said:
        return ""
    newest = max((int(each.version) for each in model.latest_versions), default=0)
    if not newest:
        return f"Model {name!r} has no versions yet."
    aliases = ", ".join(f"{alias} → {version}" for alias, version in sorted(model.aliases.items()))
    return f"{name!r} has versions up to {newest}; its aliases: {aliases or 'none'}."


def _names(name: str) -> str:
    try:
        names = [model.name for model in registry().search_registered_models(None, _LOOKED_AT)]
    except HeadraceError:
        return ""
    if not names:
        return "No model is registered here yet: headrace models register URI NAME."
    near = get_close_matches(name, names)
    if near:
        return f"Did you mean {' or '.join(map(repr, near))}?"
    more = " …" if len(names) > _NAMED else ""
    return f"There are: {', '.join(names[:_NAMED])}{more}."
