"""Frozen records that every room shares. Attribute names are those of MLflow's entities."""

from headrace.entities.change import Changes, MetricSummary, RunChange, RunGroup
from headrace.entities.chart import ChartSeries, XAxis
from headrace.entities.dataset import Dataset, DatasetInput, DatasetSummary, InputTag
from headrace.entities.experiment import Experiment, ExperimentTag
from headrace.entities.file_info import FileInfo, ManifestEntry
from headrace.entities.logged_model import (
    DatasetFilter,
    LoggedModel,
    LoggedModelParameter,
    LoggedModelTag,
    ModelOrder,
)
from headrace.entities.metric import Metric
from headrace.entities.page import Page
from headrace.entities.param import Param
from headrace.entities.run import (
    LoggedModelInput,
    LoggedModelOutput,
    Projection,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunTag,
)
from headrace.entities.states import LifecycleStage, LoggedModelStatus, RunStatus, SourceType, ViewType
from headrace.entities.user import AccessToken, Role, User

__all__ = [
    "AccessToken",
    "Changes",
    "ChartSeries",
    "Dataset",
    "DatasetFilter",
    "DatasetInput",
    "DatasetSummary",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "ManifestEntry",
    "Metric",
    "MetricSummary",
    "ModelOrder",
    "Page",
    "Param",
    "Projection",
    "Role",
    "Run",
    "RunChange",
    "RunData",
    "RunGroup",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "User",
    "ViewType",
    "XAxis",
]
