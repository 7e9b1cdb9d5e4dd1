"""What an address models:/… says: a logged model, or a version of a registered one, and a path below its folder.

| address | names |
| --- | --- |
| models:/m-… (32 hex digits) | that logged model |
| models:/NAME/3 | version 3 |
| models:/NAME@ALIAS | the version that the alias points to |
| models:/NAME/Production | the highest version of that stage, in any case |
| models:/NAME/latest | the highest version |

A path may follow each. Names are taken as they are written: nothing is percent-decoded. What follows the last "@" of
the first part is an alias, unless a version, stage or "latest" is all that comes then: models:/a@b/3 is version 3 of
model "a@b", as MLflow's registry reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headrace.entities import ModelVersion, ModelVersionStage, RegisteredModel
from headrace.errors import HeadraceError, InvalidValue, NotFound, NotSupported
from headrace.stores.registry import RegistryStore

FORMS = (
    "models:/NAME/3, models:/NAME@ALIAS, models:/NAME/Production, models:/NAME/latest, or models:/m-… (a logged model)"
)
LATEST = "latest"

_PREFIX = re.compile(r"models:", re.IGNORECASE)
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_DIGITS = re.compile(r"[0-9]+")
_STAGES = {stage.lower(): stage for stage in ModelVersionStage.ALL}


@dataclass(frozen=True, kw_only=True)
class ModelAddress:
    """model_id, or a name with exactly one of version, stage, alias and latest. path: below the folder, "" = all."""

    uri: str
    model_id: str = ""
    name: str = ""
    version: str = ""
    stage: str = ""
    alias: str = ""
    latest: bool = False
    path: str = ""


def is_models_uri(uri: object) -> bool:
    return _PREFIX.match(str(uri)) is not None


def parse(uri: str) -> ModelAddress:
    """Asks nobody; InvalidValue for what has no such form."""
    body = uri.partition(":")[2]
    if body.startswith("//") and not body.startswith("///"):
        raise NotSupported(f"{uri!r} names another registry; choose it by set_registry_uri, and write models:/NAME/3.")
    head, *rest = body.lstrip("/").rstrip("/").split("/")
    if not head.strip():
        raise _improper(uri)
    if _MODEL_ID.fullmatch(head):
        return ModelAddress(uri=uri, model_id=head, path="/".join(rest))
    name, at, alias = head.rpartition("@")
    if at and not (len(rest) == 1 and _says_version(rest[0])):
        if not name.strip() or not alias.strip():
            raise _improper(uri)
        return ModelAddress(uri=uri, name=name, alias=alias, path="/".join(rest))
    if not rest or not rest[0].strip():
        raise _improper(uri)
    which, path = rest[0], "/".join(rest[1:])
    if _DIGITS.fullmatch(which):
        return ModelAddress(uri=uri, name=head, version=which, path=path)
    if which.lower() == LATEST:
        return ModelAddress(uri=uri, name=head, latest=True, path=path)
    stage = _STAGES.get(which.lower())
    if stage is None:
        raise InvalidValue(
            "model_uri",
            uri,
            f"{which!r} is no version, and no stage ({', '.join(ModelVersionStage.ALL)}); an alias is written "
            f"models:/{head}@{which}.",
        )
    return ModelAddress(uri=uri, name=head, stage=stage, path=path)


def _says_version(segment: str) -> bool:
    return bool(_DIGITS.fullmatch(segment)) or segment.lower() in (LATEST, *_STAGES)


def version_of(address: ModelAddress, registry: RegistryStore) -> ModelVersion:
    """Of a registered model. What isn't there is told with what there is."""
    assert not address.model_id
    try:
        if address.version:
            return registry.get_model_version(address.name, address.version)
        if address.alias:
            return registry.get_model_version_by_alias(address.name, address.alias)
        stages = [address.stage] if address.stage else []
        found = registry.get_latest_versions(address.name, stages)
    except (InvalidValue, NotFound) as error:
        raise _with_hint(address, registry, error) from error
    if not found:
        raise _with_hint(address, registry, NotFound("model version", address.uri, by="address"))
    return max(found, key=lambda version: int(version.version))


def version_in_stage(name: str, stage: str, registry: RegistryStore) -> ModelVersion:
    """The highest one there."""
    found = registry.get_latest_versions(name, [stage])
    if not found:
        raise NotFound("model version", stage, by="stage", hint=f"No version of {name!r} is in that stage.")
    return max(found, key=lambda version: int(version.version))


def _with_hint(address: ModelAddress, registry: RegistryStore, error: HeadraceError) -> HeadraceError:
    """The same error, with the versions and aliases that there are."""
    try:
        model = registry.get_registered_model(address.name)
    except HeadraceError:
        return error
    kind = NotFound if isinstance(error, NotFound) else InvalidValue
    told = kind.__new__(kind)
    HeadraceError.__init__(told, f"{error.message.rstrip('.')}. {_what_there_is(model)}", error.error_code)
    return told


def _what_there_is(model: RegisteredModel) -> str:
    if not model.latest_versions:
        return f"Model {model.name!r} has no versions."
    newest = max(int(version.version) for version in model.latest_versions)
    aliases = ", ".join(f"{alias} (version {version})" for alias, version in sorted(model.aliases.items()))
    return f"The newest version of {model.name!r} is {newest}; its aliases: {aliases or 'none'}."


def _improper(uri: str) -> InvalidValue:
    return InvalidValue("model_uri", uri, f"a model is named by {FORMS}.")
