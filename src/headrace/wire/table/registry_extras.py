from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import registry_extras as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.lineage import LineageAnswer, VersionsFrom
from headrace.wire.messages.model_versions import ModelVersionAnswer, ModelVersionsAnswer

_MODELS = "/api/1.0/headrace/registered-models"
_VERSIONS = "/api/1.0/headrace/model-versions"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

SEARCH_HISTORY = Endpoint(
    name="registered-models.history",
    methods=("GET",),
    path=f"{_MODELS}/history",
    request=m.SearchHistory,
    answer=m.HistoryAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="The journal of a registered model, newest first; also of deleted ones.",
)
GET_ALIAS_AT = Endpoint(
    name="registered-models.alias-at",
    methods=("GET",),
    path=f"{_MODELS}/alias-at",
    request=m.GetAliasAt,
    answer=m.AliasAtAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="By which event an alias pointed where it did at a time.",
)
GET_STAGE_AT = Endpoint(
    name="registered-models.stage-at",
    methods=("GET",),
    path=f"{_MODELS}/stage-at",
    request=m.GetStageAt,
    answer=m.EventsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="The events by which versions had a stage at a time.",
)
VERIFY_HISTORY = Endpoint(
    name="registered-models.verify-history",
    methods=("GET",),
    path=f"{_MODELS}/verify-history",
    request=m.ModelName,
    answer=m.EventsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="The entries of a journal that don't fit its chain: none if nobody changed it behind the store's back.",
)
IMPORT_HISTORY = Endpoint(
    name="registered-models.import-history",
    methods=("POST",),
    path=f"{_MODELS}/import-history",
    request=m.ImportHistory,
    answer=Done,
    permission="admin",
    errors=_UNKNOWN,
    doc="Takes over the journal of a model from another server, below an entry that says so.",
)
GET_POLICY = Endpoint(
    name="registered-models.get-policy",
    methods=("GET",),
    path=f"{_MODELS}/policy",
    request=m.ModelName,
    answer=m.PolicyAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="What a registered model demands of its versions.",
)
SET_POLICY = Endpoint(
    name="registered-models.set-policy",
    methods=("PUT",),
    path=f"{_MODELS}/policy",
    request=m.SetPolicy,
    answer=Done,
    permission="admin",
    errors=_UNKNOWN,
    doc="Replaces what a registered model demands of its versions.",
)
CHECK_VERSION = Endpoint(
    name="model-versions.check",
    methods=("GET",),
    path=f"{_VERSIONS}/check",
    request=m.CheckVersion,
    answer=m.CheckAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="How the checks of a model's policy would end if an alias moved to a version now; moves nothing.",
)
GET_MANIFEST = Endpoint(
    name="model-versions.manifest",
    methods=("GET",),
    path=f"{_VERSIONS}/manifest",
    request=m.VersionAddress,
    answer=m.VersionManifestAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Sizes and digests of a version's files.",
)
AMEND_MANIFEST = Endpoint(
    name="model-versions.amend-manifest",
    methods=("POST",),
    path=f"{_VERSIONS}/manifest",
    request=m.AmendManifest,
    answer=ModelVersionAnswer,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "RESOURCE_CONFLICT"),
    doc="Replaces a version's manifest after an allowed edit of its files; the former one is kept.",
)
GET_SIGNATURES = Endpoint(
    name="model-versions.signatures",
    methods=("GET",),
    path=f"{_VERSIONS}/signatures",
    request=m.VersionAddress,
    answer=m.SignaturesAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="The signatures of a version, oldest first, also of earlier manifests.",
)
ADD_SIGNATURE = Endpoint(
    name="model-versions.add-signature",
    methods=("POST",),
    path=f"{_VERSIONS}/signatures",
    request=m.AddSignature,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Adds a signature of a version's manifest.",
)
GET_LINEAGE = Endpoint(
    name="model-versions.lineage",
    methods=("GET",),
    path=f"{_VERSIONS}/lineage",
    request=m.VersionAddress,
    answer=LineageAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Where a version comes from: run, params, metrics, datasets, commit, environment.",
)
FIND_VERSIONS_FROM = Endpoint(
    name="model-versions.from",
    methods=("GET",),
    path="/api/1.0/headrace/lineage/versions",
    request=VersionsFrom,
    answer=ModelVersionsAnswer,
    permission="read",
    doc="The versions that came of a run, a dataset, a commit or some content, newest first.",
)

ENDPOINTS = (
    SEARCH_HISTORY,
    GET_ALIAS_AT,
    GET_STAGE_AT,
    VERIFY_HISTORY,
    IMPORT_HISTORY,
    GET_POLICY,
    SET_POLICY,
    CHECK_VERSION,
    GET_MANIFEST,
    AMEND_MANIFEST,
    GET_SIGNATURES,
    ADD_SIGNATURE,
    GET_LINEAGE,
    FIND_VERSIONS_FROM,
)
