from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.entities import (
    EventKind,
    FileRecord,
    Gate,
    MetricCheck,
    ModelPolicy,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
    RegistryEvent,
    SchemaCheck,
    SignedCheck,
    TagCheck,
    VersionManifest,
    VersionSignature,
)
from headrace.entities.limits import INT64_MAX
from headrace.errors import InvalidValue, MissingValue
from headrace.wire import codec
from headrace.wire.convert import model_versions, registered_models, registry_extras, version_files
from headrace.wire.messages.model_versions import CreateModelVersion, ModelVersionMessage
from headrace.wire.messages.registered_models import CreateRegisteredModel, RegisteredModelMessage
from headrace.wire.messages.registry_extras import (
    CheckFields,
    GateFields,
    ImportHistory,
    PolicyFields,
    RegistryEventMessage,
    SetPolicy,
)
from headrace.wire.messages.version_files import FileFields, ManifestFields, SignatureFields
from headrace.wire.requests import from_body

TEXT = st.text(max_size=20)
SOME = st.text(min_size=1, max_size=20)
MAYBE = st.none() | SOME  # what is empty counts as absent
TIMES = st.integers(0, INT64_MAX)
MAPPING = st.dictionaries(TEXT, TEXT, max_size=3)
VERSIONS = st.builds(
    ModelVersion,
    name=SOME,
    version=st.integers(1, 10**9).map(str),
    creation_timestamp=TIMES,
    last_updated_timestamp=TIMES,
    description=MAYBE,
    user_id=MAYBE,
    current_stage=st.sampled_from(["None", "Staging", "Production", "Archived"]),
    source=TEXT,
    run_id=MAYBE,
    status=st.sampled_from(["READY", "PENDING_REGISTRATION", "FAILED_REGISTRATION"]),
    status_message=MAYBE,
    tags=MAPPING,
    run_link=MAYBE,
    aliases=st.lists(TEXT, max_size=3),
    model_id=MAYBE,
    digest=MAYBE,
)
MODELS = st.builds(
    RegisteredModel,
    name=SOME,
    creation_timestamp=TIMES,
    last_updated_timestamp=TIMES,
    description=MAYBE,
    latest_versions=st.lists(VERSIONS, max_size=2),
    tags=MAPPING,
    aliases=MAPPING,
    revision=TIMES,
)
EVENTS = st.builds(
    RegistryEvent,
    event_id=TIMES,
    timestamp=TIMES,
    kind=st.sampled_from(get_args(EventKind)),
    name=SOME,
    version=st.none() | TEXT,
    key=TEXT,
    before=st.none() | TEXT,
    after=st.none() | TEXT,
    digest=st.none() | TEXT,
    who=TEXT,
    comment=TEXT,
    chain=TEXT,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CHECKS = st.one_of(
    st.builds(
        MetricCheck,
        metric=SOME,
        minimum=st.none() | NUMBERS,
        maximum=st.none() | NUMBERS,
        better=st.sampled_from([None, "higher", "lower"]),
        margin=NUMBERS,
    ),
    st.builds(TagCheck, key=SOME, value=TEXT),
    st.just(SignedCheck()),
    st.just(SchemaCheck()),
)
POLICIES = st.builds(
    ModelPolicy,
    gates=st.lists(st.builds(Gate, alias=SOME, checks=st.lists(CHECKS, max_size=3).map(tuple)), max_size=2).map(tuple),
    unsigned=st.sampled_from(["allowed", "no_alias", "no_load"]),
    keys=st.lists(TEXT, max_size=2).map(tuple),
)
MANIFESTS = st.builds(VersionManifest, files=st.dictionaries(SOME, st.builds(FileRecord, TIMES, SOME), max_size=4))
SIGNATURES = st.builds(
    VersionSignature,
    bundle=SOME,
    digest=SOME,
    method=st.sampled_from(["key", "certificate"]),
    signer=TEXT,
    created_ms=TIMES,
)


def answered(message: msgspec.Struct, kind: type[Any]) -> Any:
    return codec.decode(kind, codec.encode(message))


def requested(message: msgspec.Struct) -> Any:
    return from_body(type(message), codec.encode(message))


@given(VERSIONS)
def test_versions_arrive_as_they_left(version: ModelVersion) -> None:
    message = answered(model_versions.model_version_message(version), ModelVersionMessage)
    assert model_versions.model_version(message) == version


@given(MODELS)
def test_models_arrive_as_they_left(model: RegisteredModel) -> None:
    message = answered(registered_models.registered_model_message(model), RegisteredModelMessage)
    assert registered_models.registered_model(message) == model


@given(EVENTS)
def test_events_arrive_as_they_left(event: RegistryEvent) -> None:
    assert registry_extras.event(answered(registry_extras.event_message(event), RegistryEventMessage)) == event


@given(st.lists(EVENTS, max_size=3))
def test_a_journal_is_sent_whole(events: list[RegistryEvent]) -> None:
    sent = requested(ImportHistory(name="m", events=registry_extras.event_fields(events)))
    assert [msgspec.structs.asdict(each) for each in sent.events] == [msgspec.structs.asdict(each) for each in events]
    assert all(isinstance(each, RegistryEvent) for each in sent.events)


@given(POLICIES)
def test_policies_arrive_as_they_left_both_ways(policy: ModelPolicy) -> None:
    fields = registry_extras.policy_fields(policy)
    assert registry_extras.model_policy(answered(fields, PolicyFields)) == policy
    assert registry_extras.model_policy(requested(SetPolicy(name="m", policy=fields)).policy) == policy


@pytest.mark.parametrize("bound", ["minimum", "maximum", "margin"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_bound_that_json_would_drop_is_refused(bound: str, number: float) -> None:
    check = msgspec.structs.replace(MetricCheck(metric="auc"), **{bound: number})
    with pytest.raises(InvalidValue, match=f"'{bound}'"):
        registry_extras.policy_fields(ModelPolicy(gates=(Gate(alias="*", checks=(check,)),)))


@pytest.mark.parametrize(
    ("check", "missing"),
    [(CheckFields(check="metric"), r"gates\[0\]\.metric"), (CheckFields(check="tag", value="v"), r"gates\[0\]\.key")],
)
def test_a_check_without_what_it_checks_is_refused(check: CheckFields, missing: str) -> None:
    with pytest.raises(MissingValue, match=missing):
        registry_extras.model_policy(PolicyFields(gates=[GateFields(alias="a", checks=[check])]))


@given(MANIFESTS)
def test_manifests_arrive_as_they_left_both_ways(manifest: VersionManifest) -> None:
    fields = version_files.manifest_fields(manifest)
    assert version_files.version_manifest(answered(fields, ManifestFields)) == manifest
    sent = requested(CreateModelVersion(name="m", source="s", manifest=fields))
    assert version_files.version_manifest(sent.manifest) == manifest


def test_a_path_is_in_a_manifest_once() -> None:
    twice = ManifestFields(
        files=[FileFields(path="a", size_bytes=1, sha256="x"), FileFields(path="a", size_bytes=2, sha256="y")]
    )
    with pytest.raises(InvalidValue, match="once"):
        version_files.version_manifest(twice)


@given(SIGNATURES)
def test_signatures_arrive_as_they_left(signature: VersionSignature) -> None:
    message = answered(version_files.signature_fields(signature), SignatureFields)
    assert version_files.version_signature(message) == signature


@given(MAPPING.map(lambda tags: {key: value for key, value in tags.items() if key}))
def test_tags_are_sent_as_they_are(tags: dict[str, str]) -> None:
    mine = [RegisteredModelTag(key, value) for key, value in tags.items()]
    sent = requested(CreateRegisteredModel(name="m", tags=registered_models.registered_model_tag_fields(mine)))
    assert registered_models.registered_model_tags(sent.tags) == mine
    versions = [ModelVersionTag(key, value) for key, value in tags.items()]
    made = requested(CreateModelVersion(name="m", source="s", tags=model_versions.model_version_tag_fields(versions)))
    assert model_versions.model_version_tags(made.tags) == versions


def test_a_status_may_come_as_its_number() -> None:
    for number, name in ((1, "PENDING_REGISTRATION"), (2, "FAILED_REGISTRATION"), (3, "READY"), (9, "9")):
        message = codec.decode(ModelVersionMessage, b'{"name": "m", "version": "1", "status": %d}' % number)
        assert model_versions.model_version(message).status == name
