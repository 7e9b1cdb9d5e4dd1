from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import msgspec

from headrace.entities import (
    Check,
    Gate,
    MetricCheck,
    ModelPolicy,
    RegistryEvent,
    SchemaCheck,
    SignedCheck,
    TagCheck,
)
from headrace.errors import InvalidValue, MissingValue
from headrace.wire.messages.registry_extras import (
    CheckFields,
    GateFields,
    PolicyFields,
    RegistryEventIn,
    RegistryEventMessage,
)


def event_message(event: RegistryEvent) -> RegistryEventMessage:
    return RegistryEventMessage(**msgspec.structs.asdict(event))


def event(message: RegistryEventMessage) -> RegistryEvent:
    return RegistryEvent(**msgspec.structs.asdict(message))


def event_fields(events: Iterable[RegistryEvent]) -> list[RegistryEventIn]:
    return [RegistryEventIn(**msgspec.structs.asdict(one)) for one in events]


def policy_fields(policy: ModelPolicy) -> PolicyFields:
    gates = [
        GateFields(alias=gate.alias, checks=[_check_fields(check) for check in gate.checks]) for gate in policy.gates
    ]
    return PolicyFields(gates=gates, unsigned=policy.unsigned, keys=list(policy.keys))


def model_policy(fields: PolicyFields) -> ModelPolicy:
    gates = tuple(
        Gate(alias=gate.alias, checks=tuple(_check(check, f"gates[{at}]") for check in gate.checks))
        for at, gate in enumerate(fields.gates)
    )
    return ModelPolicy(gates=gates, unsigned=fields.unsigned, keys=tuple(fields.keys))


def _check_fields(check: Check) -> CheckFields:
    match check:
        case MetricCheck():
            for name in ("minimum", "maximum", "margin"):  # JSON would drop such a bound
                number = getattr(check, name)
                if number is not None and not isfinite(number):
                    raise InvalidValue(name, number, f"a finite number is needed to gate {check.metric!r}.")
            return CheckFields(
                check="metric",
                metric=check.metric,
                minimum=check.minimum,
                maximum=check.maximum,
                better=check.better,
                margin=check.margin,
            )
        case TagCheck():
            return CheckFields(check="tag", key=check.key, value=check.value)
        case SignedCheck():
            return CheckFields(check="signed")
        case SchemaCheck():
            return CheckFields(check="schema")


def _check(fields: CheckFields, where: str) -> Check:
    match fields.check:
        case "metric":
            if not fields.metric:
                raise MissingValue(f"{where}.metric")
            return MetricCheck(
                metric=fields.metric,
                minimum=fields.minimum,
                maximum=fields.maximum,
                better=fields.better,
                margin=fields.margin,
            )
        case "tag":
            if not fields.key:
                raise MissingValue(f"{where}.key")
            return TagCheck(key=fields.key, value=fields.value or "")
        case "signed":
            return SignedCheck()
        case "schema":
            return SchemaCheck()
