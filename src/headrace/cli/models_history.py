"""`headrace models`: what happened to a registered model, what an alias was on a day, where a version comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from headrace.cli import cells
from headrace.cli.dates import end_ms, start_ms
from headrace.cli.group import Command
from headrace.cli.models_named import hinted, model_at, name_argument, name_of, version_at
from headrace.cli.models_policy import named
from headrace.cli.output import fields, say, show, table
from headrace.cli.session import registry, session, store
from headrace.entities import EventKind, ModelPolicy, ModelVersionStage, RegistryEvent
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.entities import ModelVersion
    from headrace.registry.lineage import Lineage

LISTED = 100
_PAGE = 10_000
_STAGES = {stage.lower(): stage for stage in ModelVersionStage.ALL}
_WORDS: dict[str, str] = {
    "model_created": "model created",
    "model_renamed": "renamed",
    "model_updated": "description",
    "model_deleted": "model deleted",
    "model_tag_set": "tag {key}",
    "model_tag_removed": "tag {key} removed",
    "policy_set": "policy",
    "version_created": "version created",
    "version_updated": "description",
    "version_deleted": "version deleted",
    "version_tag_set": "tag {key}",
    "version_tag_removed": "tag {key} removed",
    "version_signed": "signed",
    "manifest_amended": "files amended",
    "alias_set": "alias {key}",
    "alias_removed": "alias {key} removed",
    "stage_set": "stage",
    "imported": "history imported",
}
_DIGESTS = ("manifest_amended",)  # whose values are digests, shown short
_VALUE_CHARS = 40
_DIGEST_CHARS = 12


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What an alias, or a stage, was at a time. event: by which it came there."""

    kind: str
    name: str
    version: str
    event: RegistryEvent


@click.command(
    "history",
    cls=Command,
    examples=[
        "headrace models history wine",
        "headrace models history wine --alias champion --since '1 May'",
        "headrace models history wine --version 3 --json",
        "headrace models history wine --at '3 May'",
    ],
)
@name_argument
@click.option("--alias", metavar="ALIAS", help="Only where this alias moved.")
@click.option("--version", metavar="VERSION", help="Only what happened to this version.")
@click.option("--since", callback=start_ms, metavar="DATE", help="From then on.")
@click.option("--until", callback=end_ms, metavar="DATE", help="Up to then; a day counts as a whole.")
@click.option("--at", callback=end_ms, metavar="DATE", help="What aliases and stages were then, instead.")
@click.option("--max-results", type=click.IntRange(min=1), default=LISTED, show_default=True, metavar="N")
@click.option("--check", is_flag=True, help="Recompute the chain of entries: was one removed or changed?")
@click.pass_context
def history(
    context: click.Context,
    name: str,
    alias: str | None,
    version: str | None,
    since: int | None,
    until: int | None,
    at: int | None,
    max_results: int,
    check: bool,
) -> None:
    """Tell who did what to a model, when and why, newest first; also to one that is deleted."""
    name = name_of(name)
    if check:
        _check(context, name)
        return
    with hinted(name):
        if at is not None:
            held = _held_at(name, at)
            show(held, lambda: _held_table(held, f"{name} on {cells.time(at)}"))
            return
        kinds: tuple[EventKind, ...] = ("alias_set", "alias_removed") if alias is not None else ()
        page = registry().search_history(
            name,
            version=version,
            kinds=kinds,
            key=alias,
            since_ms=since,
            until_ms=until,
            max_results=min(max_results, _PAGE),
        )
    show(page, lambda: _events_table(page))
    if page.token is not None:
        say(f"There are more than these {len(page)}; --max-results shows them.")


@click.command(
    "at",
    cls=Command,
    examples=[
        "headrace models at wine production '3 May'",
        "headrace models at wine champion '2026-05-03 14:30'",
        "headrace models at wine Production yesterday --json",
    ],
)
@name_argument
@click.argument("alias", metavar="ALIAS")
@click.argument("date", callback=end_ms, metavar="DATE")
@click.pass_context
def at(context: click.Context, name: str, alias: str, date: int) -> None:
    """Tell which version an alias, or one of MLflow's stages, was on a day. A day is asked for at its end.

    Exit status 1 if it was none.
    """
    name = name_of(name)
    with hinted(name):
        found = _holders(name, alias, date)
    if not found:
        say(f"{alias!r} of model {name!r} was no version on {cells.time(date)}.")
        if found_elsewhere := _ever(name, alias):
            say(found_elsewhere)
        if session().json:
            click.echo("[]")
        context.exit(1)
    show(found, lambda: _held_table(found, f"{name} on {cells.time(date)}"))


@click.command(
    "lineage",
    cls=Command,
    examples=[
        "headrace models lineage wine@champion",
        "headrace models lineage --dataset 1a2b3c4d",
        "headrace models lineage --commit 6f2d49eb47b12de1fe7d4afe61551575fb1f29d4",
        "headrace models lineage --digest 179c0d6c… --json",
    ],
)
@click.argument("address", metavar="[NAME/VERSION]", required=False)
@click.option("--run", "run_id", metavar="RUN_ID", help="Back: the versions that came of a run.")
@click.option("--dataset", "dataset_digest", metavar="DIGEST", help="Back: of runs that read this dataset.")
@click.option("--commit", "git_commit", metavar="SHA", help="Back: of runs of this git commit, all its digits.")
@click.option("--digest", metavar="SHA256", help="Back: with exactly these files.")
def lineage(
    address: str | None, run_id: str | None, dataset_digest: str | None, git_commit: str | None, digest: str | None
) -> None:
    """Tell where a version comes from: run, parameters, metrics, data, commit, environment; or what came of one."""
    from headrace.cli.models_shown import versions_table
    from headrace.registry.lineage import lineage_of, versions_from

    back = {"run_id": run_id, "dataset_digest": dataset_digest, "git_commit": git_commit, "digest": digest}
    if sum(value is not None for value in (address, *back.values())) != 1:
        raise InvalidValue(message="Name a version, or exactly one of --run, --dataset, --commit and --digest.")
    if address is not None:
        version = version_at(address)
        found = lineage_of(registry(), store(), version.name, version.version)
        show(found, lambda: _lineage(found))
        return
    versions: Sequence[ModelVersion] = versions_from(registry(), store(), **back)
    show(versions, lambda: versions_table(versions, {}, named=True))


def _check(context: click.Context, name: str) -> None:
    broken = registry().verify_history(name)
    if not broken:
        say(f"The history of {name!r} is whole: every entry follows on from the one before.")
        if session().json:
            click.echo("[]")
        return
    show(broken, lambda: _events_table(broken))
    say(f"The history of {name!r} was changed behind the registry's back, at {len(broken)} entries.")
    context.exit(1)


def _holders(name: str, alias: str, at_ms: int) -> list[Held]:
    event = registry().get_alias_at(name, alias, at_ms)
    if event is not None:
        return [Held(kind="alias", name=alias, version=str(event.after), event=event)]
    stage = _STAGES.get(alias.lower())
    return [] if stage is None else _in_stage(name, stage, at_ms)


def _in_stage(name: str, stage: str, at_ms: int) -> list[Held]:
    return [
        Held(kind="stage", name=stage, version=str(event.version), event=event)
        for event in registry().get_stage_at(name, stage, at_ms)
    ]


def _held_at(name: str, at_ms: int) -> list[Held]:
    held = []
    for alias in sorted(_aliases_before(name, at_ms)):
        event = registry().get_alias_at(name, alias, at_ms)
        if event is not None:
            held.append(Held(kind="alias", name=alias, version=str(event.after), event=event))
    for stage in ModelVersionStage.ACTIVE:
        held += _in_stage(name, stage, at_ms)
    return held


def _aliases_before(name: str, at_ms: int) -> set[str]:
    found: set[str] = set()
    token: str | None = None
    while True:
        page = registry().search_history(name, kinds=["alias_set"], until_ms=at_ms, max_results=_PAGE, page_token=token)
        found |= {event.key for event in page}
        token = page.token
        if token is None:
            return found


def _ever(name: str, alias: str) -> str:
    """When it was one, or what else there is."""
    moves = registry().search_history(name, kinds=["alias_set"], key=alias, max_results=1)
    if moves:
        return f"It moved last on {cells.time(moves[0].timestamp)}: headrace models history {name} --alias {alias}."
    aliases = sorted(model_at(name).aliases)
    return f"Its aliases are {', '.join(aliases)}." if aliases else "It has no aliases."


def _held_table(held: Sequence[Held], title: str) -> RenderableType:
    rows = [
        [
            f"{each.kind} {each.name}",
            each.version,
            cells.time(each.event.timestamp),
            each.event.who or cells.MISSING,
            each.event.comment,
            (each.event.digest or cells.MISSING)[:_DIGEST_CHARS],
        ]
        for each in held
    ]
    return table(["Was", "Version", "Since", "By", "Why", "Digest"], rows, title=title, right=["Version"])


def _events_table(events: Sequence[RegistryEvent]) -> RenderableType:
    rows = [
        [
            cells.time(event.timestamp),
            _WORDS.get(event.kind, event.kind).format(key=event.key),
            event.version or "",
            _change(event),
            event.who or cells.MISSING,
            event.comment,
        ]
        for event in events
    ]
    return table(["When", "What", "Version", "From → to", "Who", "Why"], rows, right=["Version"])


def _change(event: RegistryEvent) -> str:
    if event.kind == "policy_set":
        return f"→ {_policy(event.after or '{}')}"
    before, after = (_value(event, value) for value in (event.before, event.after))
    return f"{before} → {after}" if before or after else ""


def _policy(text: str) -> str:
    """What it demands, in a line; the keys themselves are in the JSON."""
    try:
        found = msgspec.json.decode(text, type=ModelPolicy)
    except msgspec.MsgspecError:
        return cells.one_line(text, _VALUE_CHARS)
    parts = [f"{gate.alias}: {', '.join(named(check) for check in gate.checks)}" for gate in found.gates]
    if found.unsigned != "allowed":
        parts.append(f"unsigned: {found.unsigned}")
    if found.keys:
        parts.append(f"{len(found.keys)} key{'s' if len(found.keys) > 1 else ''}")
    return "; ".join(parts) or "nothing"


def _value(event: RegistryEvent, value: str | None) -> str:
    if value is None:
        return "" if event.before is None and event.after is None else cells.MISSING
    return f"{value[:_DIGEST_CHARS]}…" if event.kind in _DIGESTS else cells.one_line(value, _VALUE_CHARS)


def _lineage(found: Lineage) -> RenderableType:
    from rich.console import Group as Stack

    version, git = found.version, found.git
    facts: list[tuple[str, object]] = [
        ("Version", f"{version.name}/{version.version}"),
        ("Files at", found.location),
        ("Digest", version.digest or "none: nobody took the digests of its files"),
        ("Source", version.source),
    ]
    if found.copied_from:
        facts.append(("Copied from", "/".join(found.copied_from)))
    if found.run_id:
        told = f", {found.run_name} ({found.run_status}, experiment {found.experiment_id})" if found.run_name else ""
        facts.append(("Run", f"{found.run_id}{told or ', which is gone'}"))
    if found.model_id:
        facts.append(("Logged model", found.model_id))
    if git:
        where = " ".join(part for part in (git.branch, git.repo_url) if part)
        note = ", with changes that weren't committed" if git.dirty else ""
        facts.append(("Commit", f"{git.commit}{f' ({where})' if where else ''}{note}"))
    if found.environment:
        name, record = found.environment
        facts.append(("Environment", f"{name}, SHA-256 {record.sha256}"))
    parts: list[RenderableType] = [fields(facts)]
    if found.datasets:
        rows = [[each.name, each.digest, each.context or cells.MISSING] for each in found.datasets]
        parts.append(table(["Dataset", "Digest", "Context"], rows))
    if found.params:
        parts.append(
            table(["Parameter", "Value"], [[key, cells.one_line(found.params[key])] for key in sorted(found.params)])
        )
    if found.metrics:
        values = [[key, cells.number(found.metrics[key])] for key in sorted(found.metrics)]
        parts.append(table(["Metric", "Value"], values, right=["Value"]))
    return Stack(*(each for part in parts for each in (part, "")))
