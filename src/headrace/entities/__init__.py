"""Frozen records that every room shares. Attribute names are those of MLflow's entities."""

from headrace.entities.amendment import ParamCorrection, Rewind
from headrace.entities.change import Changes, KeyKind, MetricSummary, RunChange, RunGroup
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
from headrace.entities.model_policy import (
    Check,
    Gate,
    MetricCheck,
    ModelPolicy,
    SchemaCheck,
    SignedCheck,
    TagCheck,
)
from headrace.entities.model_version import ModelVersion, ModelVersionStage, ModelVersionTag
from headrace.entities.page import Page
from headrace.entities.param import Param
from headrace.entities.registered_model import RegisteredModel, RegisteredModelTag
from headrace.entities.registry_event import Act, EventKind, RegistryEvent
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
from headrace.entities.version_manifest import FileRecord, VersionManifest, VersionSignature, tree_digest
from headrace.entities.webhook import (
    DeliveryState,
    Webhook,
    WebhookAction,
    WebhookDelivery,
    WebhookEntity,
    WebhookEvent,
    WebhookState,
    WebhookStatus,
    WebhookTestResult,
)

__all__ = [
    "AccessToken",
    "Act",
    "Changes",
    "ChartSeries",
    "Check",
    "Dataset",
    "DatasetFilter",
    "DatasetInput",
    "DatasetSummary",
    "DeliveryState",
    "EventKind",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "FileRecord",
    "Gate",
    "InputTag",
    "KeyKind",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "ManifestEntry",
    "Metric",
    "MetricCheck",
    "MetricSummary",
    "ModelOrder",
    "ModelPolicy",
    "ModelVersion",
    "ModelVersionStage",
    "ModelVersionTag",
    "Page",
    "Param",
    "ParamCorrection",
    "Projection",
    "RegisteredModel",
    "RegisteredModelTag",
    "RegistryEvent",
    "Rewind",
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
    "SchemaCheck",
    "SignedCheck",
    "SourceType",
    "TagCheck",
    "User",
    "VersionManifest",
    "VersionSignature",
    "ViewType",
    "Webhook",
    "WebhookAction",
    "WebhookDelivery",
    "WebhookEntity",
    "WebhookEvent",
    "WebhookState",
    "WebhookStatus",
    "WebhookTestResult",
    "XAxis",
    "tree_digest",
]
