from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import registered_models as m
from headrace.wire.messages.fields import Done
from headrace.wire.messages.model_versions import ModelVersionAnswer, ModelVersionsAnswer

_BASE = "/api/2.0/mlflow/registered-models"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_REGISTERED_MODEL = Endpoint(
    name="registered-models.create",
    methods=("POST",),
    path=f"{_BASE}/create",
    request=m.CreateRegisteredModel,
    answer=m.RegisteredModelAnswer,
    permission="write",
    errors=("RESOURCE_ALREADY_EXISTS",),
    doc="Makes a registered model without versions. The name must be free, also of prompts.",
)
GET_REGISTERED_MODEL = Endpoint(
    name="registered-models.get",
    methods=("GET",),
    path=f"{_BASE}/get",
    request=m.GetRegisteredModel,
    answer=m.RegisteredModelAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="A registered model with tags, aliases and the highest version of each stage.",
)
UPDATE_REGISTERED_MODEL = Endpoint(
    name="registered-models.update",
    methods=("PATCH",),
    path=f"{_BASE}/update",
    request=m.UpdateRegisteredModel,
    answer=m.RegisteredModelAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets the description of a registered model, or clears it.",
)
RENAME_REGISTERED_MODEL = Endpoint(
    name="registered-models.rename",
    methods=("POST",),
    path=f"{_BASE}/rename",
    request=m.RenameRegisteredModel,
    answer=m.RegisteredModelAnswer,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS"),
    doc="Renames a registered model with its versions.",
)
DELETE_REGISTERED_MODEL = Endpoint(
    name="registered-models.delete",
    methods=("DELETE",),
    path=f"{_BASE}/delete",
    request=m.DeleteRegisteredModel,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Deletes a registered model with its versions, tags and aliases; its history stays.",
)
SEARCH_REGISTERED_MODELS = Endpoint(
    name="registered-models.search",
    methods=("GET",),
    path=f"{_BASE}/search",
    request=m.SearchRegisteredModels,
    answer=m.SearchRegisteredModelsAnswer,
    permission="read",
    doc="Registered models that match a filter, by name unless an order is given. Prompts only if asked for.",
)
GET_LATEST_VERSIONS = Endpoint(
    name="registered-models.get-latest-versions",
    methods=("POST", "GET"),
    path=f"{_BASE}/get-latest-versions",
    request=m.GetLatestVersions,
    answer=ModelVersionsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="The highest version of each stage.",
)
SET_REGISTERED_MODEL_TAG = Endpoint(
    name="registered-models.set-tag",
    methods=("POST",),
    path=f"{_BASE}/set-tag",
    request=m.SetRegisteredModelTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets a tag of a registered model.",
)
DELETE_REGISTERED_MODEL_TAG = Endpoint(
    name="registered-models.delete-tag",
    methods=("DELETE",),
    path=f"{_BASE}/delete-tag",
    request=m.DeleteRegisteredModelTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes a tag of a registered model; a missing one is no error.",
)
SET_REGISTERED_MODEL_ALIAS = Endpoint(
    name="registered-models.set-alias",
    methods=("POST",),
    path=f"{_BASE}/alias",
    request=m.SetRegisteredModelAlias,
    answer=Done,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "RESOURCE_CONFLICT"),
    doc="Points an alias to a version, if the gates of the model's policy let it pass.",
)
DELETE_REGISTERED_MODEL_ALIAS = Endpoint(
    name="registered-models.delete-alias",
    methods=("DELETE",),
    path=f"{_BASE}/alias",
    request=m.DeleteRegisteredModelAlias,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes an alias; a missing one is no error.",
)
GET_MODEL_VERSION_BY_ALIAS = Endpoint(
    name="registered-models.get-alias",
    methods=("GET",),
    path=f"{_BASE}/alias",
    request=m.GetModelVersionByAlias,
    answer=ModelVersionAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc='The version to which an alias points; "latest" is the highest.',
)

ENDPOINTS = (
    CREATE_REGISTERED_MODEL,
    GET_REGISTERED_MODEL,
    UPDATE_REGISTERED_MODEL,
    RENAME_REGISTERED_MODEL,
    DELETE_REGISTERED_MODEL,
    SEARCH_REGISTERED_MODELS,
    GET_LATEST_VERSIONS,
    SET_REGISTERED_MODEL_TAG,
    DELETE_REGISTERED_MODEL_TAG,
    SET_REGISTERED_MODEL_ALIAS,
    DELETE_REGISTERED_MODEL_ALIAS,
    GET_MODEL_VERSION_BY_ALIAS,
)
