"""What `headrace doctor` looks at in a registry: whether versions still have their files, and whether the journals are
whole. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from headrace.blobs.paths import scheme
from headrace.cli import cells
from headrace.cli.checks import Finding
from headrace.cli.database import look
from headrace.cli.session import database_file, registry
from headrace.entities import ModelVersion, RegisteredModel
from headrace.errors import CallerError, HeadraceError, NotSupported, RouteNotFound
from headrace.stores.registry import RegistryStore

if TYPE_CHECKING:
    from headrace.registry import VersionFiles

_PAGE = 1000
_PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'"
_SHOWN = 5  # faults of one version
_LOCAL = ("", "file")


def examine(*, contents: bool) -> Iterator[Finding]:
    """contents: reads every byte of every version, also of those on a server."""
    from headrace.client.uri import get_registry_uri

    uri = get_registry_uri()
    if uri.startswith(("http://", "https://")):
        if not contents:  # a question for each version, on somebody else's server
            return
    elif not is_current(uri):
        return
    store = registry()
    try:
        yield from _journals(store)
        yield from _versions(store, contents)
    except (NotSupported, RouteNotFound):
        yield Finding("models", "info", "this registry knows neither manifests nor histories")


def is_current(uri: str) -> bool:
    """Opening an older one would bring it forward, and doctor changes nothing."""
    path = database_file(uri)
    return (path is None or path.exists()) and look(uri).state == "current"


def _journals(store: RegistryStore) -> Iterator[Finding]:
    whole = 0
    for filter_string in (None, _PROMPTS):
        for model in _models(store, filter_string):
            broken = store.verify_history(model.name)
            whole += not broken
            if broken:
                first = broken[0]
                yield Finding(
                    "history",
                    "broken",
                    f"that of model {model.name!r} was changed behind the registry's back: {len(broken)} entries don't "
                    f"follow on from the one before, the first of {cells.time(first.timestamp)} ({first.kind})",
                    f"headrace models history {model.name!r} --check shows them; compare with a backup.",
                )
    if whole:
        yield Finding("history", "ok", f"the journals of {_counted(whole, 'model')} are whole")


def _versions(store: RegistryStore, contents: bool) -> Iterator[Finding]:
    from headrace.client.uri import get_tracking_uri
    from headrace.client.version_files import ReachableFiles
    from headrace.registry import manifests

    files: VersionFiles = ReachableFiles(get_tracking_uri())
    aliases = {
        (model.name, version): alias for model in _models(store, None) for alias, version in model.aliases.items()
    }
    sound = without = 0
    for version in _all_versions(store):
        location = store.get_model_version_download_uri(version.name, version.version)
        manifest = store.get_version_manifest(version.name, version.version)
        if manifest is None:
            without += 1
            if scheme(location) in _LOCAL and not _lies_there(files, location):
                yield _gone(version, aliases, [f"nothing lies at {location}"])
            continue
        try:
            faults = manifests.faults_at(files, location, manifest, contents=contents)
        except HeadraceError as error:
            faults = [f"its files can't be read: {error.message}"]
        if faults:
            more = [f"{len(faults) - _SHOWN} more"] if faults[_SHOWN:] else []
            yield _gone(version, aliases, [*faults[:_SHOWN], *more])
        elif faults is not None:
            sound += 1
    if sound:
        how = "byte by byte" if contents else "by name and size; --contents reads every byte"
        yield Finding("models", "ok", f"{_counted(sound, 'version')} compared with their manifests, {how}")
    if without:
        yield Finding("models", "info", f"{_counted(without, 'version')} without a manifest: nothing to compare with")


def _lies_there(files: VersionFiles, location: str) -> bool:
    with suppress(CallerError):
        return bool(files.open(location).blobs.entries(""))
    return False


def _gone(version: ModelVersion, aliases: Mapping[tuple[str, str], str], faults: list[str]) -> Finding:
    alias = aliases.get((version.name, version.version))
    in_use = "" if alias is None else f", which is {alias!r},"
    return Finding(
        "models",
        "broken",
        f"version {version.version} of {version.name!r}{in_use} isn't what was registered: {'; '.join(faults)}",
        "Bring the files back from a backup, or register the model anew and move its aliases.",
    )


def _models(store: RegistryStore, filter_string: str | None) -> Iterator[RegisteredModel]:
    token: str | None = None
    while True:
        page = store.search_registered_models(filter_string, _PAGE, page_token=token)
        yield from page
        token = page.token
        if token is None:
            return


def _all_versions(store: RegistryStore) -> Iterator[ModelVersion]:
    token: str | None = None
    while True:
        page = store.search_model_versions(None, _PAGE, ["name", "version_number"], token)
        yield from page
        token = page.token
        if token is None:
            return


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
