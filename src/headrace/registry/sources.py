"""What a version's source may be, and where its files lie.

| source | allowed | files lie |
| --- | --- | --- |
| runs:/RUN/path | if no other run_id is given | below the run's root, or in its logged model of that name |
| models:/m-… | if no other model_id is given | below the logged model's root |
| models:/NAME/3, models:/NAME@ALIAS … | yes: a copy, with run, logged model, manifest and signatures | where its do |
| mlflow-artifacts:, http(s):// of an artifact proxy | below the root of the run or logged model that is given | there |
| plain path, file: | the same; any absolute path for who calls on a machine of his own | there |
| any other scheme | yes | there; nobody here opens it unless it lies below a root that is served |

A server that took any path would let a caller read its files by asking for those of a version, and one that took any
address of its proxy, what belongs to other runs. No source may hold "..", however encoded, or control characters.
Prompts have no files: their source is a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headrace import settings
from headrace.blobs.locations import Location, canonical, path_below
from headrace.blobs.open import PROXY_PATH, PROXY_SCHEME
from headrace.blobs.paths import InvalidPath, join_uri, local_path, relative, scheme
from headrace.entities import LoggedModel, ModelVersion, ModelVersionTag
from headrace.entities.limits import check_text
from headrace.errors import CallerError, Forbidden, InvalidValue, NotFound
from headrace.registry.files import VersionFiles
from headrace.stores.base import TrackingStore
from headrace.stores.model_uris import is_models_uri, parse, version_of
from headrace.stores.registry import RegistryStore
from headrace.stores.run_models import run_model

PROMPT_TAG = "mlflow.prompt.is_prompt"
PROMPT_SOURCES = ("dummy-source", "prompt-template")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """location: where the files lie, "" for a prompt. root: of the run or logged model that they were logged to, with
    `path` below it; None where they belong to neither. copied: the version that this one is a copy of."""

    location: str
    run_id: str | None = None
    model_id: str | None = None
    root: str | None = None
    path: str = ""
    copied: ModelVersion | None = None


@dataclass(frozen=True, kw_only=True)
class Sources:
    """own_files: see `GuardedRegistry`."""

    registry: RegistryStore
    tracking: TrackingStore
    files: VersionFiles
    own_files: bool = False

    def resolve(
        self, source: str, run_id: str | None, model_id: str | None, tags: Sequence[ModelVersionTag] = ()
    ) -> Origin:
        """InvalidValue for a source that isn't allowed, NotFound for a run, model or version that isn't there."""
        if any(tag.key == PROMPT_TAG and tag.value.lower() == "true" for tag in tags):
            return _prompt(source, run_id, model_id)
        _refuse_foreign(source)
        if is_models_uri(source):
            return self._of_model(source, run_id, model_id)
        kind = scheme(source)
        _refuse_detours(source, kind, strict=not (self.own_files and kind == ""))
        if kind == "runs":
            return self._of_run(source, run_id, model_id)
        if kind in ("", "file"):
            return self._local(source, run_id, model_id)
        if _proxied_path(source) is not None:
            return self._proxied(source, run_id, model_id)
        return self._elsewhere(source, run_id, model_id)

    def _of_model(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        address = parse(source)
        path = relative(address.path)
        if address.model_id:
            if model_id and model_id != address.model_id:
                raise InvalidValue("source", source, f"it names another logged model than model_id, {model_id!r}.")
            model = self.tracking.get_logged_model(address.model_id)
            return _in_model(model, path, run_id or model.source_run_id)
        if path:
            raise InvalidValue("source", source, "a version is copied whole, not a path in it.")
        copied = version_of(address, self.registry)
        return Origin(
            location=self.registry.get_model_version_download_uri(copied.name, copied.version),
            run_id=copied.run_id or run_id,
            model_id=copied.model_id or model_id,
            copied=copied,
        )

    def _of_run(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        named, _, path = source.partition(":")[2].lstrip("/").partition("/")
        if not named:
            raise InvalidValue("source", source, "a path of a run is written runs:/RUN_ID/path.")
        if run_id and run_id != named:
            raise InvalidValue("source", source, f"it names another run than run_id, {run_id!r}.")
        path = relative(path)
        root = self.tracking.get_run(named).info.artifact_uri
        if not path or self._lies_there(root, path):
            return Origin(location=join_uri(root, path), run_id=named, model_id=model_id, root=root, path=path)
        found = run_model(self.tracking, named, path)
        if found is None:
            return Origin(location=join_uri(root, path), run_id=named, model_id=model_id, root=root, path=path)
        model, model_address = found
        if model_id and model_id != model.model_id:
            raise InvalidValue("source", source, f"it leads to logged model {model.model_id!r}, not to {model_id!r}.")
        return _in_model(model, path[len(model_address) + 1 :], named)

    def _lies_there(self, root: str, path: str) -> bool:
        try:
            return bool(self.files.open(root).blobs.entries(path))
        except CallerError:
            return False  # not for this side to open

    def _local(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        if not Path(local_path(source)).is_absolute():
            raise InvalidValue(
                "source", source, "a path must be absolute, and any other source an address with scheme."
            )
        found = self._below_owner(source, run_id, model_id)
        if found is not None:
            return found
        if self.own_files:
            return Origin(location=source, run_id=run_id, model_id=model_id)
        raise _outside(source, run_id, model_id)

    def _proxied(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        found = self._below_owner(source, run_id, model_id)
        if found is not None:
            return found
        if self.own_files:
            return Origin(location=source, run_id=run_id, model_id=model_id)
        raise _outside(source, run_id, model_id)

    def _elsewhere(self, source: str, run_id: str | None, model_id: str | None) -> Origin:
        try:
            found = self._below_owner(source, run_id, model_id)
        except (NotFound, Forbidden):  # anybody's word about where those files come from is taken
            found = None
        return found or Origin(location=source, run_id=run_id, model_id=model_id)

    def _below_owner(self, source: str, run_id: str | None, model_id: str | None) -> Origin | None:
        """None unless it lies below the root of that run or logged model. Written then as those write it, so that it
        leads to no other server and through no link."""
        place = _comparable(source)
        roots = []
        if model_id:
            roots.append(self.tracking.get_logged_model(model_id).artifact_location)
        if run_id:
            roots.append(self.tracking.get_run(run_id).info.artifact_uri)
        for root in roots:
            path = path_below(place, _comparable(root))
            if path is not None:
                return Origin(location=join_uri(root, path), run_id=run_id, model_id=model_id, root=root, path=path)
        return None


def _proxied_path(uri: str) -> str | None:
    """Below a server's artifacts, where the address is one of its proxy."""
    kind, parts = scheme(uri), urlsplit(uri)
    if kind == PROXY_SCHEME:
        return parts.path
    if kind in ("http", "https") and PROXY_PATH in parts.path:
        return unquote(parts.path.partition(PROXY_PATH)[2])
    return None


def _comparable(uri: str) -> Location:
    """By which of its names a server is called doesn't matter: what counts is the path below its artifacts."""
    path = _proxied_path(uri)
    return canonical(uri if path is None else f"{PROXY_SCHEME}:/{path.lstrip('/')}")


def _in_model(model: LoggedModel, path: str, run_id: str | None) -> Origin:
    root = model.artifact_location
    return Origin(location=join_uri(root, path), run_id=run_id, model_id=model.model_id, root=root, path=path)


def _prompt(source: str, run_id: str | None, model_id: str | None) -> Origin:
    if source not in PROMPT_SOURCES:
        allowed = " or ".join(map(repr, PROMPT_SOURCES))
        raise InvalidValue("source", source, f"a prompt has no files; its source is {allowed}.")
    return Origin(location="", run_id=run_id, model_id=model_id)


def _refuse_foreign(source: str) -> None:
    pattern = settings.MODEL_SOURCE_PATTERN.get()
    if pattern is not None and not pattern.search(source):
        raise InvalidValue("source", source, f"this registry takes sources that match {pattern.pattern!r} only.")
    check_text("source", source)
    if _CONTROL.search(source):
        raise InvalidValue("source", source, "it holds a control character.")


def _refuse_detours(source: str, kind: str, strict: bool) -> None:
    """strict: also what is only odd; a folder of one's own machine may be named so."""
    try:
        parts = urlsplit(source)
    except ValueError as error:
        raise InvalidValue("source", source, f"it is no address: {error}.") from None
    path = parts.path if kind else source
    if kind and "#" in source:
        raise InvalidValue("source", source, "it holds a #, which clients and servers don't read alike.")
    try:
        relative(path.strip("/"))
    except InvalidPath as error:
        if strict or ".." in re.split(r"[/\\]", path):
            raise InvalidValue("source", source, f"its path isn't in normal form. {error.message}") from None


def _outside(source: str, run_id: str | None, model_id: str | None) -> InvalidValue:
    owner = f"logged model {model_id!r}" if model_id else f"run {run_id!r}" if run_id else None
    if owner is None:
        return InvalidValue(
            "source",
            source,
            "files that the server holds are registered with the run_id or model_id that they belong to.",
        )
    return InvalidValue("source", source, f"it doesn't lie below the artifacts of {owner}.")
