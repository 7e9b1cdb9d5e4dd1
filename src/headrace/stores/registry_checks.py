"""What every registry store checks before it writes, as `checks` does for runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from typing import get_args

import msgspec

from headrace.entities import (
    Act,
    EventKind,
    ModelPolicy,
    ModelVersionStage,
    RegistryEvent,
    VersionManifest,
    VersionSignature,
    limits,
)
from headrace.errors import AlreadyExists, Conflict, IntegrityViolation, InvalidState, InvalidValue, MissingValue, shown
from headrace.stores.checks import KeyValue

LATEST = "latest"
EVERY_ALIAS = "*"  # in a policy's gate
MAX_WHO_CHARS = 500

_ALIAS = re.compile(r"[\w\-]+")
_RESERVED_ALIAS = re.compile(r"latest|v[0-9]+", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STAGES = {stage.lower(): stage for stage in ModelVersionStage.ALL}
_NO_VERSION = 0


def model_name(name: str, field: str = "name") -> str:
    if not name or not name.strip():
        raise MissingValue(field)
    limits.check_text(field, name)
    limits.check_length(field, name, limits.MAX_REGISTERED_MODEL_NAME_CHARS)
    if "/" in name or ":" in name:
        raise InvalidValue(field, name, "names of registered models may not hold / or :, which URIs of models need.")
    if name in (".", "..") or posixpath.normpath(name) != name:
        raise InvalidValue(field, name, "it would be resolved as a path to another name.")
    return name


def version_number(version: str) -> int:
    """0, which no version has, for a number that is too large."""
    if not version:
        raise MissingValue("version")
    if not _DIGITS.fullmatch(version):
        raise InvalidValue("version", version, "a version is a number in decimal digits, as in '3'.")
    number = int(version) if len(version) <= len(str(limits.INT64_MAX)) else _NO_VERSION
    return number if number <= limits.INT64_MAX else _NO_VERSION


def alias(name: str) -> str:
    """For whoever reads or removes one."""
    if not name:
        raise MissingValue("alias")
    limits.check_text("alias", name)
    limits.check_length("alias", name, limits.MAX_ALIAS_CHARS)
    if not _ALIAS.fullmatch(name):
        raise InvalidValue("alias", name, "an alias may hold letters, digits, underscores (_) and dashes (-).")
    return name


def alias_to_set(name: str) -> str:
    alias(name)
    if _RESERVED_ALIAS.fullmatch(name):
        raise InvalidValue("alias", name, "'latest' and numbers such as 'v3' are reserved: they say which version.")
    return name


def unknown_alias(name: str, alias_name: str) -> InvalidValue:
    """MLflow's code for it is 400, not 404."""
    return InvalidValue("alias", alias_name, message=f"Registered model {name!r} has no alias {alias_name!r}.")


def stage(name: str) -> str:
    """As it is answered."""
    found = _STAGES.get(name.lower())
    if found is None:
        raise InvalidValue("stage", name, f"allowed are {', '.join(ModelVersionStage.ALL)}.")
    return found


def stages(names: Sequence[str]) -> list[str]:
    """All four if none is named."""
    return list(dict.fromkeys(stage(name) for name in names)) or list(ModelVersionStage.ALL)


def stage_to_set(name: str, archive_existing_versions: bool) -> str:
    wanted = stage(name)
    if archive_existing_versions and wanted not in ModelVersionStage.ACTIVE:
        raise InvalidValue(
            "archive_existing_versions",
            value=True,
            allowed=f"only with stages {' and '.join(ModelVersionStage.ACTIVE)}, not with {wanted}.",
        )
    return wanted


def description(text: str | None) -> str | None:
    return _optional("description", text, limits.MAX_REGISTRY_DESCRIPTION_CHARS)


def tag(noun: str, key: str, value: str) -> None:
    limits.check_key(f"{noun}.key", key)
    limits.check_text(f"{noun}.value", value)
    limits.check_length(f"{noun}.value", value, limits.MAX_REGISTRY_TAG_VALUE_CHARS)


def tags(noun: str, entries: Iterable[KeyValue]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for each in entries:
        if each.key in kept:
            raise IntegrityViolation(f"The {noun} key {shown(each.key)} is given twice; give each key once.")
        tag(noun, each.key, each.value)
        kept[each.key] = each.value
    return kept


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Checked fields of a version to be made; empty texts are None."""

    source: str
    run_id: str | None
    run_link: str | None
    description: str | None
    model_id: str | None
    storage_location: str | None
    user_id: str | None
    tags: dict[str, str]


def new_version(
    *,
    source: str,
    run_id: str | None,
    run_link: str | None,
    description_text: str | None,
    model_id: str | None,
    storage_location: str | None,
    user_id: str | None,
    tag_entries: Iterable[KeyValue],
) -> NewVersion:
    if not source:
        raise MissingValue("source")
    return NewVersion(
        source=_optional("source", source, limits.MAX_MODEL_SOURCE_CHARS) or "",
        run_id=_optional("run_id", run_id, limits.MAX_KEY_CHARS),
        run_link=_optional("run_link", run_link, limits.MAX_RUN_LINK_CHARS),
        description=description(description_text),
        model_id=_optional("model_id", model_id, limits.MAX_KEY_CHARS),
        storage_location=_optional("storage_location", storage_location, limits.MAX_MODEL_SOURCE_CHARS),
        user_id=_optional("user_id", user_id, limits.MAX_KEY_CHARS),
        tags=tags("model version tag", tag_entries),
    )


def _optional(field: str, text: str | None, most: int) -> str | None:
    if not text:
        return None
    limits.check_text(field, text)
    limits.check_length(field, text, most)
    return text


def act(given: Act) -> Act:
    limits.check_text("who", given.who)
    limits.check_length("who", given.who, MAX_WHO_CHARS)
    limits.check_text("comment", given.comment)
    limits.check_length("comment", given.comment, limits.MAX_COMMENT_CHARS)
    return given


def policy(given: ModelPolicy) -> str:
    """As JSON, to be kept."""
    for gate in given.gates:
        if gate.alias != EVERY_ALIAS:
            alias_to_set(gate.alias)
    text = msgspec.json.encode(given).decode()
    limits.check_text("policy", text)
    limits.check_length("policy", text, limits.MAX_POLICY_CHARS)
    return text


def manifest(given: VersionManifest) -> VersionManifest:
    for path, record in given.files.items():
        limits.check_text("manifest.files", path)
        if path.startswith("/") or posixpath.normpath(path) != path or path.split("/")[0] in ("", ".", ".."):
            raise InvalidValue("manifest.files", path, "paths lead from the version's root to a file within it.")
        if not _SHA256.fullmatch(record.sha256):
            raise InvalidValue("manifest.files.sha256", record.sha256, "64 lower-case hex digits are needed.")
        if not 0 <= record.size_bytes <= limits.INT64_MAX:
            raise InvalidValue("manifest.files.size_bytes", record.size_bytes, "a count of bytes is needed.")
    return given


def signature(given: VersionSignature) -> VersionSignature:
    for field in ("bundle", "digest", "method", "signer"):
        limits.check_text(f"signature.{field}", getattr(given, field))
    limits.check_int64("signature.created_ms", given.created_ms)
    return given


def same_revision(name: str, present: int, asked: int | None) -> None:
    if asked is not None and asked != present:
        raise Conflict(
            f"Registered model {name!r} is at revision {present}, not {asked} any more: somebody changed it meanwhile. "
            "Look at it again, then repeat."
        )


def same_manifest(name: str, version: int, present: str | None, asked: str | None) -> None:
    if asked is not None and asked != present:
        raise Conflict(
            f"Version {version} of registered model {name!r} has manifest {present}, not {asked} any more: somebody "
            "changed it meanwhile. Look at it again, then repeat."
        )


def name_taken(name: str, *, by_prompt: bool, prompt: bool) -> AlreadyExists:
    """by_prompt: who has the name; prompt: who wanted it."""
    noun = "prompt" if by_prompt else "registered model"
    hint = "" if by_prompt == prompt else "Prompts and registered models share their names; choose another one."
    return AlreadyExists(noun, name, hint=hint)


def events_to_import(events: Sequence[RegistryEvent]) -> None:
    for i, each in enumerate(events):
        field = f"events[{i}]"
        _known_kind(f"{field}.kind", each.kind)
        limits.check_int64(f"{field}.timestamp", each.timestamp)
        if each.version is not None:
            version_number(each.version)
        for part in ("name", "key", "before", "after", "digest", "who", "comment"):
            limits.check_text(f"{field}.{part}", getattr(each, part) or "")


def only_created(name: str, revision: int) -> None:
    if revision != 1:
        raise InvalidState(
            "name",
            name,
            message=f"A journal can only be taken over by a model that has none but its creation; {name!r} has "
            f"{revision} entries. Import it under another name.",
        )


class HistorySearch(msgspec.Struct, frozen=True):
    name: str
    version: str | None
    kinds: list[EventKind]
    key: str | None
    since_ms: int | None
    until_ms: int | None

    def takes(self, event: RegistryEvent) -> bool:
        return (
            (self.version is None or event.version == self.version)
            and (not self.kinds or event.kind in self.kinds)
            and (self.key is None or event.key == self.key)
            and (self.since_ms is None or event.timestamp >= self.since_ms)
            and (self.until_ms is None or event.timestamp <= self.until_ms)
        )


def history_search(
    name: str,
    version: str | None,
    kinds: Collection[EventKind],
    key: str | None,
    since_ms: int | None,
    until_ms: int | None,
    max_results: int,
) -> HistorySearch:
    limits.check_max_results(max_results, limits.MAX_HISTORY_EVENTS)
    for kind in kinds:
        _known_kind("kinds", kind)
    limits.check_int64("since_ms", since_ms or 0)
    limits.check_int64("until_ms", until_ms or 0)
    limits.check_text("key", key or "")
    return HistorySearch(
        model_name(name),
        None if version is None else str(version_number(version)),
        sorted(set(kinds)),
        key,
        since_ms,
        until_ms,
    )


def _known_kind(field: str, kind: str) -> None:
    if kind not in get_args(EventKind):
        raise InvalidValue(field, kind, f"allowed are {', '.join(get_args(EventKind))}.")
