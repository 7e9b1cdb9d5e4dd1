"""How registered models and their versions look in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from headrace.cli import cells
from headrace.cli.output import fields, table
from headrace.cli.session import registry
from headrace.entities import ModelVersion, RegisteredModel, VersionManifest
from headrace.errors import NotSupported, RouteNotFound

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

SHOWN_VERSIONS = 10
SHOWN_FILES = 10
_DIGEST_CHARS = 12


class VersionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """signed: how many signatures the present manifest has; None where the registry knows none."""

    version: ModelVersion
    location: str
    manifest: VersionManifest | None = None
    signed: int | None = None


def facts_of(version: ModelVersion) -> VersionFacts:
    store = registry()
    location = store.get_model_version_download_uri(version.name, version.version)
    try:
        manifest = store.get_version_manifest(version.name, version.version)
        signatures = store.get_version_signatures(version.name, version.version)
    except (NotSupported, RouteNotFound):
        return VersionFacts(version=version, location=location)
    digest = None if manifest is None else manifest.digest
    signed = sum(each.digest == digest for each in signatures)
    return VersionFacts(version=version, location=location, manifest=manifest, signed=signed)


def model(found: RegisteredModel, newest: Sequence[ModelVersion]) -> RenderableType:
    from rich.console import Group as Stack

    parts: list[RenderableType] = [
        fields(
            [
                ("Name", found.name),
                ("Created", cells.time(found.creation_timestamp)),
                ("Updated", cells.time(found.last_updated_timestamp)),
            ],
        )
    ]
    if found.description:
        parts.append(fields([("Description", found.description)]))
    if found.tags:
        parts.append(table(["Tag", "Value"], _pairs(found.tags)))
    if found.aliases:
        rows = [[alias, version] for alias, version in sorted(found.aliases.items())]
        parts.append(table(["Alias", "Version"], rows, right=["Version"]))
    if newest:
        parts.append(versions_table(newest, found.aliases))
    else:
        parts.append(fields([("Versions", "none")]))
    return Stack(*(each for part in parts for each in (part, "")))


def version(found: VersionFacts) -> RenderableType:
    from rich.console import Group as Stack

    shown, manifest = found.version, found.manifest
    facts: list[tuple[str, object]] = [
        ("Name", shown.name),
        ("Version", shown.version),
        ("Aliases", ", ".join(sorted(shown.aliases)) or cells.MISSING),
        ("Status", shown.status if not shown.status_message else f"{shown.status}: {shown.status_message}"),
        ("Created", cells.time(shown.creation_timestamp)),
        ("By", shown.user_id or cells.MISSING),
        ("Source", shown.source),
        ("Files at", found.location),
        ("Run", shown.run_id or cells.MISSING),
        ("Logged model", shown.model_id or cells.MISSING),
        ("Digest", shown.digest or "none: nobody took the digests of its files"),
    ]
    if shown.current_stage not in ("", "None"):
        facts.insert(3, ("Stage", shown.current_stage))
    if found.signed is not None:
        facts.append(("Signed", "yes" if found.signed else "no"))
    parts: list[RenderableType] = [fields(facts)]
    if shown.description:
        parts.append(fields([("Description", shown.description)]))
    if shown.tags:
        parts.append(table(["Tag", "Value"], _pairs(shown.tags)))
    if manifest is not None:
        parts.append(_files(manifest))
    return Stack(*(each for part in parts for each in (part, "")))


def versions_table(found: Sequence[ModelVersion], aliases: Mapping[str, str], *, named: bool = False) -> Table:
    """aliases: of the model. named: with the model's name, where there are several."""
    of_version: dict[str, list[str]] = {}
    for alias, version in sorted(aliases.items()):
        of_version.setdefault(version, []).append(alias)
    staged = any(each.current_stage not in ("", "None") for each in found)
    columns = ["Version", "Aliases", *(["Stage"] if staged else []), "Created", "By", "Run", "Digest", "Description"]
    if named:
        columns = ["Name", *(column for column in columns if column != "Aliases")]
    return table(columns, [_row(each, of_version, named=named, staged=staged) for each in found], right=["Version"])


def _row(version: ModelVersion, aliases: Mapping[str, list[str]], *, named: bool, staged: bool) -> list[object]:
    shown: dict[str, Any] = {"Version": version.version}
    if named:
        shown = {"Name": version.name, **shown}
    else:
        shown["Aliases"] = ", ".join(aliases.get(version.version, ()))
    if staged:
        shown["Stage"] = version.current_stage
    return [
        *shown.values(),
        cells.time(version.creation_timestamp),
        version.user_id or cells.MISSING,
        version.run_id or cells.MISSING,
        (version.digest or cells.MISSING)[:_DIGEST_CHARS],
        cells.one_line(version.description or "", 40),
    ]


def _pairs(tags: Mapping[str, str]) -> list[list[str]]:
    return [[key, cells.one_line(value)] for key, value in sorted(tags.items())]


def _files(manifest: VersionManifest) -> Table:
    biggest = sorted(manifest.files.items(), key=lambda item: (-item[1].size_bytes, item[0]))
    title = f"{len(biggest)} files, {cells.size(manifest.size_bytes)}"
    if len(biggest) > SHOWN_FILES:
        title += f"; the biggest {SHOWN_FILES}"
    rows = [[path, cells.size(each.size_bytes), each.sha256[:_DIGEST_CHARS]] for path, each in biggest[:SHOWN_FILES]]
    return table(["File", "Size", "SHA-256"], rows, title=title, right=["Size"])
