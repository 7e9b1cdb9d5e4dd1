from __future__ import annotations

from headrace.wire.endpoint import BYTES, Endpoint
from headrace.wire.messages import model_versions as m
from headrace.wire.messages.fields import Done

_BASE = "/api/2.0/mlflow/model-versions"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_MODEL_VERSION = Endpoint(
    name="model-versions.create",
    methods=("POST",),
    path=f"{_BASE}/create",
    request=m.CreateModelVersion,
    answer=m.ModelVersionAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Makes the next version of a registered model, with a manifest of the digests of its files.",
)
GET_MODEL_VERSION = Endpoint(
    name="model-versions.get",
    methods=("GET",),
    path=f"{_BASE}/get",
    request=m.GetModelVersion,
    answer=m.ModelVersionAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="A model version with tags and aliases.",
)
UPDATE_MODEL_VERSION = Endpoint(
    name="model-versions.update",
    methods=("PATCH",),
    path=f"{_BASE}/update",
    request=m.UpdateModelVersion,
    answer=m.ModelVersionAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets the description of a model version, or clears it.",
)
TRANSITION_MODEL_VERSION_STAGE = Endpoint(
    name="model-versions.transition-stage",
    methods=("POST",),
    path=f"{_BASE}/transition-stage",
    request=m.TransitionModelVersionStage,
    answer=m.ModelVersionAnswer,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "RESOURCE_CONFLICT"),
    doc="Moves a model version to a stage, and those that held it to Archived if asked to.",
)
DELETE_MODEL_VERSION = Endpoint(
    name="model-versions.delete",
    methods=("DELETE",),
    path=f"{_BASE}/delete",
    request=m.DeleteModelVersion,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Deletes a model version and the aliases that point to it. Its number isn't used again.",
)
SEARCH_MODEL_VERSIONS = Endpoint(
    name="model-versions.search",
    methods=("GET",),
    path=f"{_BASE}/search",
    request=m.SearchModelVersions,
    answer=m.SearchModelVersionsAnswer,
    permission="read",
    doc="Model versions that match a filter, last updated first unless an order is given.",
)
GET_DOWNLOAD_URI = Endpoint(
    name="model-versions.get-download-uri",
    methods=("GET",),
    path=f"{_BASE}/get-download-uri",
    request=m.GetModelVersion,
    answer=m.DownloadUriAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Where the files of a model version lie.",
)
SET_MODEL_VERSION_TAG = Endpoint(
    name="model-versions.set-tag",
    methods=("POST",),
    path=f"{_BASE}/set-tag",
    request=m.SetModelVersionTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets a tag of a model version.",
)
DELETE_MODEL_VERSION_TAG = Endpoint(
    name="model-versions.delete-tag",
    methods=("DELETE",),
    path=f"{_BASE}/delete-tag",
    request=m.DeleteModelVersionTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes a tag of a model version; a missing one is no error.",
)
GET_VERSION_ARTIFACT = Endpoint(
    name="artifacts.get-version",
    methods=("GET",),
    path="/model-versions/get-artifact",
    request=m.GetVersionArtifact,
    answer=Done,
    permission="read",
    errors=_UNKNOWN,
    media=(BYTES,),
    doc="A file of a model version.",
)

ENDPOINTS = (
    CREATE_MODEL_VERSION,
    GET_MODEL_VERSION,
    UPDATE_MODEL_VERSION,
    TRANSITION_MODEL_VERSION_STAGE,
    DELETE_MODEL_VERSION,
    SEARCH_MODEL_VERSIONS,
    GET_DOWNLOAD_URI,
    SET_MODEL_VERSION_TAG,
    DELETE_MODEL_VERSION_TAG,
    GET_VERSION_ARTIFACT,
)
