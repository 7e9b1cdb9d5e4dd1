"""What a model's policy says: read from a document, checked before it is kept, and asked before a version loads.

A document is YAML or JSON:

    unsigned: no_alias              # allowed, no_alias (not even the gates' own aliases), no_load (that, too)
    keys: [signer.pem]              # files, or PEM text: public keys, or root certificates
    gates:
      - alias: champion             # "*" = every alias; Staging and Production, too
        checks:
          - {check: metric, metric: val_auc, minimum: 0.8, better: higher, margin: 0.01}
          - {check: schema}
          - {check: signed}
          - {check: tag, key: evaluation, value: passed}
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from headrace.entities import (
    Check,
    Gate,
    MetricCheck,
    ModelPolicy,
    ModelVersion,
    SchemaCheck,
    SignedCheck,
    TagCheck,
    VersionManifest,
    VersionSignature,
)
from headrace.entities.limits import check_key, check_text
from headrace.errors import InvalidValue, Unsigned
from headrace.lazy import MissingPackage
from headrace.registry import signatures
from headrace.registry.signatures import InvalidSignature
from headrace.stores.registry import RegistryStore

EVERY_ALIAS = "*"
MAX_GATES = 100
MAX_CHECKS = 100  # of a gate
MAX_KEYS = 100
_ALIAS = re.compile(r"^[\w\-]+\Z")
_PEM = "-----BEGIN "
_KINDS: dict[Any, type[Check]] = {
    "metric": MetricCheck,
    "schema": SchemaCheck,
    "signed": SignedCheck,
    "tag": TagCheck,
}


def from_document(document: object, read_key: Callable[[str], str] | None = None) -> ModelPolicy:
    """Of what YAML or JSON gave. read_key: reads the file that a key names; without it, keys must be PEM text."""
    if document is None:
        return ModelPolicy()
    if not isinstance(document, dict):
        raise InvalidValue("policy", document, "an object with the keys gates, unsigned and keys.")
    _refuse_unknown(document)
    keys = document.get("keys") or ()
    if read_key is not None and isinstance(keys, list):
        keys = [key if not isinstance(key, str) or _PEM in key else read_key(key) for key in keys]
    plain = {**document, "keys": keys, "gates": document.get("gates") or ()}
    try:
        policy = msgspec.convert(plain, ModelPolicy, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidValue(message=f"The policy can't be read: {error}") from error
    check_policy(policy)
    return policy


def _refuse_unknown(document: Mapping[str, Any]) -> None:
    """A misspelt bound would guard nothing, silently."""
    _known("policy", document, ModelPolicy.__struct_fields__)
    for gate in _dicts(document.get("gates")):
        _known("gate", gate, Gate.__struct_fields__)
        for check in _dicts(gate.get("checks")):
            kind = _KINDS.get(check.get("check"))
            if kind is None:
                raise InvalidValue("check", check.get("check"), f"one of {', '.join(_KINDS)}.")
            _known(f"check {check['check']}", check, ("check", *kind.__struct_fields__))


def _known(what: str, found: Mapping[str, Any], allowed: Sequence[str]) -> None:
    unknown = sorted(str(key) for key in found if key not in allowed)
    if unknown:
        raise InvalidValue(what, unknown, f"its keys are {', '.join(allowed)}.")


def _dicts(found: object) -> list[dict[Any, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def to_document(policy: ModelPolicy) -> dict[str, Any]:
    """As `from_document` reads it, without what is as it always is."""
    gates = [{"alias": gate.alias, "checks": [_plain(check) for check in gate.checks]} for gate in policy.gates]
    return {
        **({"unsigned": policy.unsigned} if policy.unsigned != "allowed" else {}),
        **({"gates": gates} if gates else {}),
        **({"keys": list(policy.keys)} if policy.keys else {}),
    }


def check_policy(policy: ModelPolicy) -> None:
    """InvalidValue for a policy that no version could pass, or that doesn't say what it seems to."""
    for what, found, most in (("gates", policy.gates, MAX_GATES), ("keys", policy.keys, MAX_KEYS)):
        if len(found) > most:
            raise InvalidValue(what, len(found), f"a policy holds at most {most}.")
    for key in policy.keys:
        _check_pem(key)
    aliases = [gate.alias for gate in policy.gates]
    twice = sorted({alias for alias in aliases if aliases.count(alias) > 1})
    if twice:
        raise InvalidValue("alias", twice[0], "each alias has one gate; put all its checks there.")
    for gate in policy.gates:
        _check_gate(gate)
    needs_key = policy.unsigned != "allowed" or any(isinstance(each, SignedCheck) for each in _checks(policy))
    if needs_key and not policy.keys:
        raise InvalidValue(
            "keys", [], "where versions must be signed, the policy names the keys or certificates that count."
        )


def _checks(policy: ModelPolicy) -> Iterator[Check]:
    for gate in policy.gates:
        yield from gate.checks


def _check_gate(gate: Gate) -> None:
    if gate.alias != EVERY_ALIAS and not _ALIAS.match(gate.alias):
        raise InvalidValue("alias", gate.alias, "letters, digits, _ and -, or * for every alias.")
    if not gate.checks:
        raise InvalidValue("checks", gate.alias, "a gate without checks guards nothing; leave it out.")
    if len(gate.checks) > MAX_CHECKS:
        raise InvalidValue("checks", len(gate.checks), f"a gate holds at most {MAX_CHECKS}.")
    for check in gate.checks:
        if isinstance(check, MetricCheck):
            _check_metric(check)
        elif isinstance(check, TagCheck):
            check_text("key", check.key)
            if not check.key:
                raise InvalidValue("key", check.key, "a tag has a name.")


def _check_metric(check: MetricCheck) -> None:
    check_key("metric", check.metric)
    if check.minimum is None and check.maximum is None and check.better is None:
        raise InvalidValue("metric", check.metric, "the check needs a minimum, a maximum, or better: higher or lower.")
    for name, value in (("minimum", check.minimum), ("maximum", check.maximum), ("margin", check.margin)):
        if value is not None and math.isnan(value):
            raise InvalidValue(name, value, "a number.")
    if check.minimum is not None and check.maximum is not None and check.minimum > check.maximum:
        raise InvalidValue("minimum", check.minimum, f"it is above the maximum, {check.maximum}.")
    if check.margin < 0:
        raise InvalidValue("margin", check.margin, "0 or more.")
    if check.margin and check.better is None:
        raise InvalidValue("margin", check.margin, "it counts with better: higher or lower only.")


def _check_pem(key: str) -> None:
    if not key.strip().startswith(_PEM):
        raise InvalidValue("keys", key, "PEM text: a public key, or a certificate.")
    if "PRIVATE KEY" in key:
        raise InvalidValue(
            message="One of the keys is a private one. A policy holds public keys, and anybody may read it."
        )
    signatures.check_key(key)


def _plain(check: Check) -> dict[str, Any]:
    """Without defaults."""
    kind = next(name for name, each in _KINDS.items() if isinstance(check, each))
    if isinstance(check, MetricCheck):
        defaults = {"minimum": None, "maximum": None, "better": None, "margin": 0.0}
        said = {name: getattr(check, name) for name in defaults if getattr(check, name) != defaults[name]}
        return {"check": kind, "metric": check.metric, **said}
    if isinstance(check, TagCheck):
        return {"check": kind, "key": check.key, "value": check.value}
    return {"check": kind}


def signer_of(
    manifest: VersionManifest | None, found: list[VersionSignature], keys: tuple[str, ...]
) -> tuple[str | None, str]:
    """Whose signature of the manifest one of the keys proves, newest first; or None, and why."""
    if manifest is None:
        return None, "it has no manifest that could be signed: its files lie where this registry doesn't read them"
    if not found:
        return None, "nobody signed it"
    reasons = []
    for signature in reversed(found):
        try:
            return signatures.verify(signature, manifest, keys), ""
        except InvalidSignature as error:
            reasons.append(error.why)
        except MissingPackage as error:
            return None, f"signatures can't be checked here: {error.message}"
    return None, "; ".join(dict.fromkeys(reasons))


def check_load(registry: RegistryStore, version: ModelVersion) -> None:
    """Unsigned where the model's policy lets signed versions load only, and this one isn't."""
    policy = registry.get_policy(version.name)
    if policy.unsigned != "no_load":
        return
    signer, why = signer_of(
        registry.get_version_manifest(version.name, version.version),
        registry.get_version_signatures(version.name, version.version),
        policy.keys,
    )
    if signer is None:
        raise Unsigned(
            f"Version {version.version} of model {version.name!r} doesn't load: its model's policy wants a signature "
            f"by one of its keys, and {why}. `headrace models sign models:/{version.name}/{version.version} "
            "--private-key KEY` signs it."
        )
