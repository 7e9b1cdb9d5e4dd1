"""`headrace models policy` and `headrace models gate`: what a model demands of its versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from headrace.cli import cells
from headrace.cli.group import Group
from headrace.cli.models_named import comment_option, hinted, name_argument, name_of, version_at
from headrace.cli.output import as_json, done, say, show, table
from headrace.cli.problem import Problem
from headrace.cli.session import registry, session, store
from headrace.entities import (
    Check,
    Gate,
    MetricCheck,
    ModelPolicy,
    ModelVersionStage,
    SchemaCheck,
    SignedCheck,
    TagCheck,
)
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from headrace.registry.gates import CheckResult

_UNSIGNED = ("allowed", "no_alias", "no_load")
_STAGES = {stage.lower(): stage for stage in ModelVersionStage.ACTIVE}

alias_argument = click.argument("alias", metavar="ALIAS")
metric_option = click.option("--metric", metavar="KEY", help="Of the version's logged model, else of its run.")
schema_option = click.option("--schema", is_flag=True, help="The input schema takes whatever the alias's holder takes.")
signed_option = click.option("--signed", is_flag=True, help="Signed by one of the policy's keys.")


@click.group(cls=Group)
def policy() -> None:
    """What a model demands of its versions: gates before aliases, and signatures."""


@click.group(cls=Group)
def gate() -> None:
    """What a version must pass before an alias, or the stage of that name, moves to it."""


@policy.command("show", examples=["headrace models policy show wine", "headrace models policy show wine --json"])
@name_argument
def show_policy(name: str) -> None:
    """Print a model's policy, as YAML that `policy set` reads."""
    from headrace.registry.policy import to_document

    name = name_of(name)
    with hinted(name):
        document = to_document(registry().get_policy(name))
    if session().json:
        click.echo(as_json(document))
    elif document:
        click.echo(cells.plain(_yaml(document)), nl=False)
    else:
        say(f"Model {name!r} demands nothing of its versions; headrace models gate add guards an alias.")


@policy.command(
    "set",
    examples=[
        "headrace models policy set wine policy.yaml --comment 'as agreed in May'",
        "headrace models policy set wine --unsigned no_alias --key release-team.pem",
        "headrace models policy set wine --clear",
    ],
)
@name_argument
@click.argument("file", metavar="[FILE]", required=False, type=click.File("rb"))
@click.option("--unsigned", type=click.Choice(_UNSIGNED), help="What versions may do that no key's owner signed.")
@click.option(
    "--key", "keys", multiple=True, type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="PEM file of a public key or root certificate that counts, beside those there; may repeat.",
)  # fmt: skip
@click.option("--clear", is_flag=True, help="Demand nothing any more.")
@comment_option
def set_policy(
    name: str, file: Any, unsigned: Literal["allowed", "no_alias", "no_load"] | None, keys: tuple[str, ...],
    clear: bool, comment: str | None,
) -> None:  # fmt: skip
    """Replace a model's policy by that of a YAML or JSON file (- for stdin), or change what the options say."""
    if sum((file is not None, clear, bool(unsigned or keys))) != 1:
        raise InvalidValue(message="Give a file, or --clear, or --unsigned and --key.")
    name = name_of(name)
    with hinted(name):
        found = registry().get_policy(name)
    if file is not None:
        wanted = _read(file)
    elif clear:
        wanted = ModelPolicy()
    else:
        texts = [Path(key).read_text(encoding="utf-8") for key in keys]
        wanted = msgspec.structs.replace(
            found,
            unsigned=unsigned or found.unsigned,
            keys=(*found.keys, *(text for text in texts if text not in found.keys)),
        )
    _keep(name, wanted, comment, f"The policy of model {name!r} is set.")


@gate.command(
    "add",
    examples=[
        "headrace models gate add wine champion --metric val_auc --minimum 0.8 --better higher --margin 0.01",
        "headrace models gate add wine champion --schema",
        "headrace models gate add wine Production --tag evaluation=passed --comment 'asked for by the audit'",
        "headrace models gate add wine '*' --signed",
    ],
)
@name_argument
@alias_argument
@metric_option
@click.option("--minimum", type=float, metavar="NUMBER")
@click.option("--maximum", type=float, metavar="NUMBER")
@click.option("--better", type=click.Choice(["higher", "lower"]), help="Than what the alias's holder has.")
@click.option("--margin", type=float, metavar="NUMBER", help="By at least so much; 0 by default: as good will do.")
@schema_option
@signed_option
@click.option("--tag", metavar="KEY=VALUE", help="The version has this tag.")
@comment_option
def add(
    name: str,
    alias: str,
    metric: str | None,
    minimum: float | None,
    maximum: float | None,
    better: Literal["higher", "lower"] | None,
    margin: float | None,
    schema: bool,
    signed: bool,
    tag: str | None,
    comment: str | None,
) -> None:
    """Add a check before an alias ('*' = every one); one of the same metric or tag is replaced."""
    if metric is None and any(value is not None for value in (minimum, maximum, better, margin)):
        raise InvalidValue(message="--minimum, --maximum, --better and --margin belong to a --metric.")
    checks: list[Check] = []
    if metric is not None:
        checks.append(MetricCheck(metric=metric, minimum=minimum, maximum=maximum, better=better, margin=margin or 0.0))
    if schema:
        checks.append(SchemaCheck())
    if signed:
        checks.append(SignedCheck())
    if tag is not None:
        key, equals, value = tag.partition("=")
        if not equals:
            raise InvalidValue("--tag", tag, "write KEY=VALUE.")
        checks.append(TagCheck(key=key, value=value))
    if not checks:
        raise InvalidValue(message="Say what to check: --metric, --schema, --signed or --tag.")
    name = name_of(name)
    with hinted(name):
        found = registry().get_policy(name)
    subjects = {_subject(each) for each in checks}
    kept = tuple(each for each in _checks(found, alias) if _subject(each) not in subjects)
    wanted = _with_gate(found, alias, (*kept, *checks))
    _keep(name, wanted, comment, f"Alias {alias!r} of model {name!r} is guarded by {_listed((*kept, *checks))}.")


@gate.command(
    "remove",
    examples=[
        "headrace models gate remove wine champion --metric val_auc",
        "headrace models gate remove wine champion",
    ],
)
@name_argument
@alias_argument
@click.option("--metric", metavar="KEY", help="Only the check of this metric.")
@click.option("--schema", is_flag=True, help="Only the check of the input schema.")
@click.option("--signed", is_flag=True, help="Only the check of signatures.")
@click.option("--tag", metavar="KEY", help="Only the check of this tag.")
@comment_option
def remove(
    name: str, alias: str, metric: str | None, schema: bool, signed: bool, tag: str | None, comment: str | None
) -> None:
    """Remove a check before an alias, or all of them."""
    name = name_of(name)
    with hinted(name):
        found = registry().get_policy(name)
    present = _checks(found, alias)
    named = [("metric", metric)] if metric is not None else []
    named += [("schema", "")] if schema else []
    named += [("signed", "")] if signed else []
    named += [("tag", tag.partition("=")[0])] if tag is not None else []
    subjects = {_subject(each) for each in present}
    absent = [" ".join(each).strip() for each in named if each not in subjects]
    if absent or not present:
        there = f"There: {_listed(present)}." if present else "It has none."
        raise Problem(f"Alias {alias!r} of model {name!r} has no check {absent[0] if absent else 'at all'}.", there)
    kept = tuple(each for each in present if named and _subject(each) not in named)
    said = f"guarded by {_listed(kept)}" if kept else "not guarded any more"
    _keep(name, _with_gate(found, alias, kept), comment, f"Alias {alias!r} of model {name!r} is {said}.")


@gate.command(
    "check",
    examples=[
        "headrace models gate check wine champion 3",
        "headrace models gate check wine champion @candidate --json",
    ],
)
@name_argument
@alias_argument
@click.argument("version", metavar="VERSION")
@click.pass_context
def check(context: click.Context, name: str, alias: str, version: str) -> None:
    """Try whether a version would pass, and move nothing. Exit status 1 if it wouldn't."""
    from headrace.client.uri import get_tracking_uri
    from headrace.client.version_files import ReachableFiles
    from headrace.registry.gates import check_gates

    name = name_of(name)
    at = version if version.startswith("@") else f"/{version}"
    found = version_at(f"{name}{at}")
    guarded = registry()
    stage = _STAGES.get(alias.lower())
    is_stage = stage is not None and alias not in guarded.get_registered_model(name).aliases
    results = check_gates(
        guarded,
        store(),
        ReachableFiles(get_tracking_uri()),
        name,
        stage if is_stage and stage is not None else alias,
        found.version,
        stage=is_stage,
    )
    if results or session().json:
        show(results, lambda: _results(results))
    else:
        say(f"Nothing guards {alias!r} of model {name!r}.")
    if any(not result.passed for result in results):
        context.exit(1)


def _keep(name: str, wanted: ModelPolicy, comment: str | None, said: str) -> None:
    from headrace.client.acts import act
    from headrace.registry.policy import check_policy, to_document

    check_policy(wanted)
    registry().set_policy(name, wanted, act=act(comment))
    done(said, {"name": name, "policy": to_document(wanted)})


def _read(file: Any) -> ModelPolicy:
    import yaml

    from headrace.registry.policy import from_document

    name = getattr(file, "name", "-")
    folder = Path(name).parent if isinstance(name, str) else Path()  # stdin has a number, or none
    try:
        document = yaml.safe_load(file.read())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue("FILE", name, f"it is neither YAML nor JSON: {error}") from error
    return from_document(document, lambda key: (folder / key).read_text(encoding="utf-8"))


def _yaml(document: dict[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Keys of several lines as blocks."""

    Dumper.add_representer(
        str,
        lambda dumper, text: dumper.represent_scalar(
            "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
        ),
    )
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True)


def _checks(found: ModelPolicy, alias: str) -> tuple[Check, ...]:
    return next((each.checks for each in found.gates if each.alias == alias), ())


def _with_gate(found: ModelPolicy, alias: str, checks: tuple[Check, ...]) -> ModelPolicy:
    gates = [each for each in found.gates if each.alias != alias]
    place = next((at for at, each in enumerate(found.gates) if each.alias == alias), len(gates))
    if checks:
        gates.insert(place, Gate(alias=alias, checks=checks))
    return msgspec.structs.replace(found, gates=tuple(gates))


def _subject(check: Check) -> tuple[str, str]:
    match check:
        case MetricCheck():
            return "metric", check.metric
        case TagCheck():
            return "tag", check.key
        case SchemaCheck():
            return "schema", ""
        case SignedCheck():
            return "signed", ""


def _listed(checks: Sequence[Check]) -> str:
    return ", ".join(map(named, checks))


def named(check: Check) -> str:
    return " ".join(_subject(check)).strip()


def _results(results: Sequence[CheckResult]) -> RenderableType:
    rows = [
        ["✓" if each.passed else "✗", f"{each.check} {each.subject}".strip(), each.found, each.needed, each.gate]
        for each in results
    ]
    return table(["", "Check", "Found", "Needed", "Gate"], rows)
