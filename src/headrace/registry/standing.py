"""How a version stands to its model's policy now: which aliases it may take, and whose signature the keys prove."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.entities import ModelPolicy
from headrace.registry.gates import CheckResult
from headrace.registry.guarded import GuardedRegistry
from headrace.registry.policy import EVERY_ALIAS, signer_of


@dataclass(frozen=True, kw_only=True)
class Standing:
    """checks: by alias; under "*" those of an alias that nobody holds. signer: None where no key of the policy proves a
    signature of the present files, and why then says the reason."""

    checks: dict[str, list[CheckResult]]
    signer: str | None
    why: str


def standing_of(registry: GuardedRegistry, name: str, version: str, alias: str | None = None) -> Standing:
    """alias: of this one alone; None: of every one that the policy names. Moves nothing."""
    policy = registry.get_policy(name)
    signer, why = signer_of(
        registry.get_version_manifest(name, version), registry.get_version_signatures(name, version), policy.keys
    )
    targets = [alias] if alias else list(_targets(policy))
    return Standing(
        checks={target: registry.check_gates(name, target, version) for target in targets}, signer=signer, why=why
    )


def _targets(policy: ModelPolicy) -> Iterator[str]:
    named = [gate.alias for gate in policy.gates]
    yield from named
    if policy.unsigned != "allowed" and EVERY_ALIAS not in named:
        yield EVERY_ALIAS
