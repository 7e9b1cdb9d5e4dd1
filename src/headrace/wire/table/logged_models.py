from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import logged_models as m
from headrace.wire.messages.fields import Done

_BASE = "/api/2.0/mlflow/logged-models"
_ONE = f"{_BASE}/{{model_id}}"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_LOGGED_MODEL = Endpoint(
    name="logged-models.create",
    methods=("POST",),
    path=_BASE,
    request=m.CreateLoggedModel,
    answer=m.LoggedModelAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Makes a pending logged model.",
)
SEARCH_LOGGED_MODELS = Endpoint(
    name="logged-models.search",
    methods=("POST",),
    path=f"{_BASE}/search",
    request=m.SearchLoggedModels,
    answer=m.SearchLoggedModelsAnswer,
    permission="read",
    doc="Logged models that match a filter and were measured on the given datasets.",
)
GET_LOGGED_MODEL = Endpoint(
    name="logged-models.get",
    methods=("GET",),
    path=_ONE,
    request=m.GetLoggedModel,
    answer=m.LoggedModelAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="A logged model with its params and metrics.",
)
FINALIZE_LOGGED_MODEL = Endpoint(
    name="logged-models.finalize",
    methods=("PATCH",),
    path=_ONE,
    request=m.FinalizeLoggedModel,
    answer=m.LoggedModelAnswer,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets the status of a logged model: ready, or its upload failed.",
)
DELETE_LOGGED_MODEL = Endpoint(
    name="logged-models.delete",
    methods=("DELETE",),
    path=_ONE,
    request=m.DeleteLoggedModel,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Marks a logged model as deleted.",
)
LOG_LOGGED_MODEL_PARAMS = Endpoint(
    name="logged-models.log-params",
    methods=("POST",),
    path=f"{_ONE}/params",
    request=m.LogLoggedModelParams,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Adds params to a logged model; each key once.",
)
SET_LOGGED_MODEL_TAGS = Endpoint(
    name="logged-models.set-tags",
    methods=("PATCH",),
    path=f"{_ONE}/tags",
    request=m.SetLoggedModelTags,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets tags of a logged model.",
)
DELETE_LOGGED_MODEL_TAG = Endpoint(
    name="logged-models.delete-tag",
    methods=("DELETE",),
    path=f"{_ONE}/tags/{{tag_key}}",
    request=m.DeleteLoggedModelTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes a tag of a logged model.",
)

ENDPOINTS = (
    CREATE_LOGGED_MODEL,
    SEARCH_LOGGED_MODELS,
    GET_LOGGED_MODEL,
    FINALIZE_LOGGED_MODEL,
    DELETE_LOGGED_MODEL,
    LOG_LOGGED_MODEL_PARAMS,
    SET_LOGGED_MODEL_TAGS,
    DELETE_LOGGED_MODEL_TAG,
)
