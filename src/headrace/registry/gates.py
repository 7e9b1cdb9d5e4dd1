"""What a version must pass before an alias, or the stages Staging and Production, move to it.

Every check is done, so that a refusal names all that is wrong. What can't be found out (a metric that nobody logged, an
MLmodel that can't be read) fails; a tracking store that doesn't answer is an error, and nothing moves.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from headrace.entities import (
    Check,
    LoggedModel,
    Metric,
    MetricCheck,
    ModelPolicy,
    ModelVersion,
    RegisteredModel,
    SchemaCheck,
    SignedCheck,
    TagCheck,
)
from headrace.errors import CallerError, Corrupt, GateRefused, NotFound
from headrace.packaging.mlmodel import FILE_NAME, MAX_BYTES, Model
from headrace.registry.files import VersionFiles
from headrace.registry.policy import EVERY_ALIAS, signer_of

if TYPE_CHECKING:
    from headrace.packaging.signature import ModelSignature
from headrace.stores.base import TrackingStore
from headrace.stores.registry import RegistryStore

Kind = Literal["metric", "schema", "signed", "tag"]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """found: what was found. needed: what passes. gate: the alias under which the policy has the check; "unsigned" for
    what its rule about signatures asks of every alias."""

    check: Kind
    subject: str
    passed: bool
    found: str
    needed: str
    gate: str

    def __str__(self) -> str:
        name = f"{self.check} {self.subject}" if self.subject else self.check
        return f"{name}: {self.found}" + ("" if self.passed else f". Needed: {self.needed}")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Where checks look."""

    registry: RegistryStore
    tracking: TrackingStore
    files: VersionFiles

    def check(
        self, model: RegisteredModel, policy: ModelPolicy, target: str, version: ModelVersion, *, stage: bool = False
    ) -> list[CheckResult]:
        """target: an alias, or with `stage` a stage. Of every check that guards it."""
        wanted = list(_wanted(policy, target, stage))
        if not wanted:
            return []
        holder = self._holder(model, target, stage)
        if holder is not None and holder.version == version.version:
            holder = None  # it stays where it is
        return [self._result(check, gate, policy, version, holder) for gate, check in wanted]

    def _holder(self, model: RegisteredModel, target: str, stage: bool) -> ModelVersion | None:
        if stage:
            held = [each for each in model.latest_versions if each.current_stage == target]
            return held[0] if held else None
        number = model.aliases.get(target)
        return None if number is None else self.registry.get_model_version(model.name, number)

    def _result(
        self, check: Check, gate: str, policy: ModelPolicy, version: ModelVersion, holder: ModelVersion | None
    ) -> CheckResult:
        match check:
            case MetricCheck():
                return self._metric(check, gate, version, holder)
            case SchemaCheck():
                return self._schema(gate, version, holder)
            case SignedCheck():
                return self._signed(gate, policy, version)
            case TagCheck():
                return _tag(check, gate, version)

    def _metric(self, check: MetricCheck, gate: str, version: ModelVersion, holder: ModelVersion | None) -> CheckResult:
        needed = list(_bounds(check))
        other = None
        if check.better is not None and holder is not None:
            other = self._value(holder, check.metric)[0]
        beaten: Callable[[float], bool] = lambda _: True  # noqa: E731
        if other is not None and not math.isnan(other):
            sign = 1 if check.better == "higher" else -1
            limit = other + sign * check.margin
            # A margin is a decimal number, and sums of those are seldom exact.
            beaten = lambda value: sign * value >= sign * limit or math.isclose(value, limit)  # noqa: E731
            words = "at least" if sign > 0 else "at most"
            needed.append(f"{words} {_number(limit)}, as version {_version(holder)} has {_number(other)}")
        value, where = self._value(version, check.metric)
        if value is None:
            found, passed = where, False
        else:
            within = (check.minimum is None or value >= check.minimum) and (
                check.maximum is None or value <= check.maximum
            )
            found, passed = f"{_number(value)} ({where})", within and beaten(value) and not math.isnan(value)
        return CheckResult(
            check="metric",
            subject=check.metric,
            passed=passed,
            found=found,
            needed="; ".join(needed) or "any number",
            gate=gate,
        )

    def _value(self, version: ModelVersion, metric: str) -> tuple[float | None, str]:
        """The latest of the version's logged model, else of its run; and where it was, or why there is none."""
        missing = []
        if version.model_id:
            model = self._logged_model(version.model_id)
            points = [each for each in (model.metrics or () if model else ()) if each.key == metric]
            if points:
                return max(points, key=_order).value, "of its logged model"
            missing.append("its logged model")
        if version.run_id:
            try:
                latest = self.tracking.get_run(version.run_id).data.latest
            except NotFound:
                latest = []
            for each in latest:
                if each.key == metric:
                    return each.value, "of its run"
            missing.append("its run")
        if not missing:
            return None, "there are no metrics: the version has neither run nor logged model"
        return None, f"{' and '.join(missing)} {'have' if len(missing) > 1 else 'has'} no such metric"

    def _logged_model(self, model_id: str) -> LoggedModel | None:
        try:
            return self.tracking.get_logged_model(model_id)
        except NotFound:
            return None

    def _schema(self, gate: str, version: ModelVersion, holder: ModelVersion | None) -> CheckResult:
        needed = (
            "a model signature" if holder is None else f"to take all that version {_version(holder)} takes as input"
        )
        own, why = self._signature(version)
        if own is None:
            found, passed = why, False
        elif holder is None:
            found, passed = "states its inputs", True
        else:
            from headrace.registry.schema_check import breaks  # numpy with it

            held, why = self._signature(holder)
            broken = breaks(held, own) if held is not None else [f"of version {_version(holder)}, {why}"]
            found, passed = "; ".join(broken) or f"takes all that version {_version(holder)} takes", not broken
        return CheckResult(check="schema", subject="", passed=passed, found=found, needed=needed, gate=gate)

    def _signature(self, version: ModelVersion) -> tuple[ModelSignature | None, str]:
        """Of the MLmodel that was registered; or None, and why."""
        location = self.registry.get_model_version_download_uri(version.name, version.version)
        try:
            blobs = self.files.open(location).blobs
            if blobs.stat(FILE_NAME).size_bytes > MAX_BYTES:
                return None, f"its {FILE_NAME} is too large to be one"
            content = blobs.get_bytes(FILE_NAME)
        except CallerError as error:
            return None, f"its {FILE_NAME} can't be read: {error.message}"
        manifest = self.registry.get_version_manifest(version.name, version.version)
        record = None if manifest is None else manifest.files.get(FILE_NAME)
        if record is not None and hashlib.sha256(content).hexdigest() != record.sha256:
            return None, f"its {FILE_NAME} has changed since it was registered"
        try:
            signature = Model.from_yaml(content, f"{location}/{FILE_NAME}").signature
        except (CallerError, Corrupt) as error:
            return None, f"its {FILE_NAME} can't be read: {error.message}"
        return signature, "" if signature is not None else "the model has no signature of its inputs"

    def _signed(self, gate: str, policy: ModelPolicy, version: ModelVersion) -> CheckResult:
        signer, why = signer_of(
            self.registry.get_version_manifest(version.name, version.version),
            self.registry.get_version_signatures(version.name, version.version),
            policy.keys,
        )
        return CheckResult(
            check="signed",
            subject="",
            passed=signer is not None,
            found=why if signer is None else f"signed by {signer}",
            needed="a signature by one of the policy's keys (headrace models sign)",
            gate=gate,
        )


def check_gates(
    registry: RegistryStore,
    tracking: TrackingStore,
    files: VersionFiles,
    name: str,
    target: str,
    version: str,
    *,
    stage: bool = False,
) -> list[CheckResult]:
    """How the checks would end if the alias, or with `stage` the stage, moved to that version now. Moves nothing."""
    evidence = Evidence(registry=registry, tracking=tracking, files=files)
    model, policy = registry.get_registered_model(name), registry.get_policy(name)
    return evidence.check(model, policy, target, registry.get_model_version(name, version), stage=stage)


def refuse(results: Sequence[CheckResult], version: ModelVersion, target: str, *, stage: bool = False) -> None:
    """GateRefused, with every check that failed, if one did."""
    failed = [each for each in results if not each.passed]
    if not failed:
        return
    place = f"stage {target}" if stage else f"alias {target!r}"
    lines = "\n".join(f"  {each}" for each in failed)
    raise GateRefused(
        f"Version {version.version} of model {version.name!r} can't take {place}; "
        f"{len(failed)} of {len(results)} checks failed:\n{lines}"
    )


def _wanted(policy: ModelPolicy, target: str, stage: bool) -> Iterator[tuple[str, Check]]:
    signed = False
    for gate in policy.gates:
        # A stage is written as it likes: production guards Production.
        same = gate.alias.lower() == target.lower() if stage else gate.alias == target
        if same or gate.alias == EVERY_ALIAS:
            for check in gate.checks:
                signed = signed or isinstance(check, SignedCheck)
                yield gate.alias, check
    if policy.unsigned != "allowed" and not signed:
        yield "unsigned", SignedCheck()


def _tag(check: TagCheck, gate: str, version: ModelVersion) -> CheckResult:
    value = version.tags.get(check.key)
    return CheckResult(
        check="tag",
        subject=check.key,
        passed=value == check.value,
        found="the version has no such tag" if value is None else repr(value),
        needed=repr(check.value),
        gate=gate,
    )


def _bounds(check: MetricCheck) -> Iterator[str]:
    if check.minimum is not None:
        yield f"at least {_number(check.minimum)}"
    if check.maximum is not None:
        yield f"at most {_number(check.maximum)}"


def _order(point: Metric) -> tuple[int, int]:
    return point.timestamp, point.step


def _number(value: float) -> str:
    return f"{value:.10g}"


def _version(version: ModelVersion | None) -> str:
    assert version is not None
    return version.version
