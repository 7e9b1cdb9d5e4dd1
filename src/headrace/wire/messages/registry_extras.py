"""What Headrace's registry has beside MLflow's: history, policies, manifests, signatures."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from headrace.entities import EventKind, RegistryEvent
from headrace.entities.limits import INT64_MAX, INT64_MIN
from headrace.wire.messages.fields import Answer, Int64, Millis, Request, Text
from headrace.wire.messages.model_versions import RegistryWrite
from headrace.wire.messages.version_files import ManifestFields, SignatureFields


class SearchHistory(Request, kw_only=True):
    """key: of one alias or tag. since_ms and until_ms are included."""

    name: Text
    version: str | None = None
    kinds: list[EventKind] = []
    key: str | None = None
    since_ms: Int64 | None = None
    until_ms: Int64 | None = None
    max_results: Int64 = 1000
    page_token: str | None = None


class RegistryEventMessage(Answer, kw_only=True):
    """One entry of the journal, as `entities.RegistryEvent`."""

    event_id: int
    timestamp: int
    kind: str
    name: str
    version: str | None = None
    key: str = ""
    before: str | None = None
    after: str | None = None
    digest: str | None = None
    who: str = ""
    comment: str = ""
    chain: str = ""


class HistoryAnswer(Answer, kw_only=True):
    events: list[RegistryEventMessage] = []
    next_page_token: str | None = None


class GetAliasAt(Request, kw_only=True):
    """at_ms: ms since the epoch."""

    name: Text
    alias: Text
    at_ms: Millis


class AliasAtAnswer(Answer, kw_only=True):
    """event: the one by which the alias pointed where it did; absent if it pointed nowhere."""

    event: RegistryEventMessage | None = None


class GetStageAt(Request, kw_only=True):
    name: Text
    stage: Text
    at_ms: Millis


class EventsAnswer(Answer, kw_only=True):
    events: list[RegistryEventMessage] = []


class ModelName(Request, kw_only=True):
    name: Text


class RegistryEventIn(RegistryEvent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Text
    event_id: Annotated[int, Meta(ge=INT64_MIN, le=INT64_MAX)] = 0
    timestamp: Annotated[int, Meta(ge=0, le=INT64_MAX)]


class ImportHistory(RegistryWrite, kw_only=True):
    """events: oldest first."""

    name: Text
    events: list[RegistryEventIn]


class CheckFields(Request, kw_only=True):
    """check says which of the other fields count: metric with minimum, maximum, better, margin; tag with key, value;
    signed and schema with none."""

    check: Literal["metric", "signed", "schema", "tag"]
    metric: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    better: Literal["higher", "lower"] | None = None
    margin: float = 0.0
    key: str | None = None
    value: str | None = None


class GateFields(Request, kw_only=True):
    alias: Text
    checks: list[CheckFields] = []


class PolicyFields(Request, kw_only=True):
    """Travels both ways; a client refuses a policy with a field that it doesn't know rather than misread it."""

    gates: list[GateFields] = []
    unsigned: Literal["allowed", "no_alias", "no_load"] = "allowed"
    keys: list[str] = []


class PolicyAnswer(Answer, kw_only=True):
    policy: PolicyFields


class SetPolicy(RegistryWrite, kw_only=True):
    name: Text
    policy: PolicyFields


class VersionAddress(Request, kw_only=True):
    name: Text
    version: Text


class CheckVersion(Request, kw_only=True):
    """alias: what guards this one alone; without it, every one that the policy names."""

    name: Text
    version: Text
    alias: str | None = None


class CheckResultMessage(Answer, kw_only=True):
    """As `registry.gates.CheckResult`: what was found, and what passes. gate: under which the policy has the check."""

    check: str
    subject: str
    passed: bool
    found: str
    needed: str
    gate: str


class TargetMessage(Answer, kw_only=True):
    """alias: "*" stands for one that nobody holds."""

    alias: str
    checks: list[CheckResultMessage] = []


class CheckAnswer(Answer, kw_only=True):
    """signer: whose signature of the present files a key of the policy proves. unproven: why there is none."""

    targets: list[TargetMessage] = []
    signer: str | None = None
    unproven: str | None = None


class VersionManifestAnswer(Answer, kw_only=True):
    """manifest: absent where the version has none."""

    manifest: ManifestFields | None = None
    digest: str | None = None


class AmendManifest(RegistryWrite, kw_only=True):
    """if_digest: refused with RESOURCE_CONFLICT unless the present manifest has that digest."""

    name: Text
    version: Text
    manifest: ManifestFields
    if_digest: str | None = None


class SignaturesAnswer(Answer, kw_only=True):
    signatures: list[SignatureFields] = []


class AddSignature(RegistryWrite, kw_only=True):
    name: Text
    version: Text
    signature: SignatureFields
