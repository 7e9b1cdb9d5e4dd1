from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages import experiments as m
from headrace.wire.messages.fields import Done

_BASE = "/api/2.0/mlflow/experiments"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

CREATE_EXPERIMENT = Endpoint(
    name="experiments.create",
    methods=("POST",),
    path=f"{_BASE}/create",
    request=m.CreateExperiment,
    answer=m.CreateExperimentAnswer,
    permission="write",
    errors=("RESOURCE_ALREADY_EXISTS",),
    doc="Makes an experiment. The name must be free, also of deleted experiments.",
)
ENSURE_EXPERIMENT = Endpoint(
    name="experiments.ensure",
    methods=("POST",),
    path="/api/1.0/headrace/experiments/ensure",
    request=m.EnsureExperiment,
    answer=m.ExperimentAnswer,
    permission="write",
    doc="The experiment of that name, made if it is missing, in one step.",
)
GET_EXPERIMENT = Endpoint(
    name="experiments.get",
    methods=("GET",),
    path=f"{_BASE}/get",
    request=m.GetExperiment,
    answer=m.ExperimentAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="An experiment by id, deleted or not.",
)
GET_EXPERIMENT_BY_NAME = Endpoint(
    name="experiments.get-by-name",
    methods=("GET",),
    path=f"{_BASE}/get-by-name",
    request=m.GetExperimentByName,
    answer=m.ExperimentAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="An experiment by name, deleted or not.",
)
SEARCH_EXPERIMENTS = Endpoint(
    name="experiments.search",
    methods=("POST", "GET"),
    path=f"{_BASE}/search",
    request=m.SearchExperiments,
    answer=m.SearchExperimentsAnswer,
    permission="read",
    doc="Experiments that match a filter, newest first unless an order is given.",
)
UPDATE_EXPERIMENT = Endpoint(
    name="experiments.update",
    methods=("POST",),
    path=f"{_BASE}/update",
    request=m.UpdateExperiment,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Renames an active experiment.",
)
DELETE_EXPERIMENT = Endpoint(
    name="experiments.delete",
    methods=("POST",),
    path=f"{_BASE}/delete",
    request=m.DeleteExperiment,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Marks an experiment and its runs as deleted.",
)
RESTORE_EXPERIMENT = Endpoint(
    name="experiments.restore",
    methods=("POST",),
    path=f"{_BASE}/restore",
    request=m.RestoreExperiment,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Brings a deleted experiment and all of its runs back.",
)
SET_EXPERIMENT_TAG = Endpoint(
    name="experiments.set-tag",
    methods=("POST",),
    path=f"{_BASE}/set-experiment-tag",
    request=m.SetExperimentTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Sets a tag of an active experiment.",
)
DELETE_EXPERIMENT_TAG = Endpoint(
    name="experiments.delete-tag",
    methods=("POST",),
    path=f"{_BASE}/delete-experiment-tag",
    request=m.DeleteExperimentTag,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    doc="Removes a tag of an experiment.",
)
SEARCH_DATASETS = Endpoint(
    name="experiments.search-datasets",
    methods=("POST",),
    path="/ajax-api/2.0/mlflow/experiments/search-datasets",
    request=m.SearchDatasets,
    answer=m.SearchDatasetsAnswer,
    permission="read",
    doc="The datasets that runs of the experiments logged.",
)

ENDPOINTS = (
    CREATE_EXPERIMENT,
    ENSURE_EXPERIMENT,
    GET_EXPERIMENT,
    GET_EXPERIMENT_BY_NAME,
    SEARCH_EXPERIMENTS,
    UPDATE_EXPERIMENT,
    DELETE_EXPERIMENT,
    RESTORE_EXPERIMENT,
    SET_EXPERIMENT_TAG,
    DELETE_EXPERIMENT_TAG,
    SEARCH_DATASETS,
)
