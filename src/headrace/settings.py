"""Every environment variable that Headrace reads: one row each, with type, default and one sentence.

`HEADRACE_X` wins over its `MLFLOW_` spelling, which is honoured where ours is not set. Values are read at each call,
so a test or notebook may change os.environ at any time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from headrace.errors import InvalidValue

T = TypeVar("T")


# What os.environ holds, without its encoding and decoding (2 µs): a training loop asks at every logged value.
_environment: dict[Any, Any] = getattr(os.environ, "_data", {})


class Setting(Generic[T]):
    """One variable. `names`: spellings in order of precedence. Empty strings count as unset."""

    def __init__(self, names: str, parse: Callable[[str], T], default: T, help: str) -> None:
        self.names = tuple(names.split())
        self._keys = [(os.environ.encodekey(name), name) for name in self.names]
        self.parse, self.default, self.help = parse, default, help
        _register(self)

    def get(self) -> T:
        for key, name in self._keys:
            if key in _environment and os.environ[name]:
                text = os.environ[name]
                try:
                    return self.parse(text)
                except ValueError as error:
                    raise InvalidValue(name, text, str(error) or self.help) from None
        return self.default

    def is_set(self) -> bool:
        return any(os.environ.get(name) for name in self.names)


SETTINGS: dict[str, Setting[Any]] = {}


def _register(setting: Setting[Any]) -> None:
    SETTINGS[setting.names[0]] = setting


def _flag(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in ("1", "true", "yes", "on"):
        return True
    if lowered in ("0", "false", "no", "off"):
        return False
    raise ValueError("allowed are true/false, 1/0, yes/no, on/off.")


def _device(text: str) -> int | str | None:
    try:
        return int(text)
    except ValueError:
        return text


def _installer(text: str) -> str | None:
    if text in ("uv", "pip"):
        return text
    raise ValueError("allowed are uv and pip.")


def _logging(text: str) -> str:
    if text in ("journal", "direct"):
        return text
    raise ValueError("allowed are journal and direct.")


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}.") from None


def _schemes(text: str) -> tuple[str, ...]:
    schemes = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not schemes or set(schemes) - {"http", "https"}:
        raise ValueError("allowed are http and https, by commas.")
    return schemes


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError("a number of seconds above 0 is needed.")
    return seconds


def _count(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError("a whole number of 1 or more is needed.")
    return int(text)


def _lease(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise ValueError("0 to 86400 seconds are allowed.")
    return seconds


def _text(names: str, help: str) -> Setting[str | None]:
    parse: Callable[[str], str | None] = str
    return Setting(names, parse, None, help)


TRACKING_URI = _text(
    "HEADRACE_TRACKING_URI MLFLOW_TRACKING_URI",
    "Where runs are kept: folder, sqlite:///, postgresql://, http(s)://, offline:FOLDER.",
)
REGISTRY_URI = _text(
    "HEADRACE_REGISTRY_URI MLFLOW_REGISTRY_URI", "Where models are registered, if not at the tracking URI."
)
USERNAME = _text("HEADRACE_TRACKING_USERNAME MLFLOW_TRACKING_USERNAME", "User for basic authentication.")
PASSWORD = _text("HEADRACE_TRACKING_PASSWORD MLFLOW_TRACKING_PASSWORD", "Password for basic authentication.")
TOKEN = _text(
    "HEADRACE_TRACKING_TOKEN MLFLOW_TRACKING_TOKEN",
    "Bearer token; basic authentication wins where both are set.",
)
DATABRICKS_HOST = _text("DATABRICKS_HOST", "Address of the Databricks workspace that the URI `databricks` means.")
DATABRICKS_TOKEN = _text("DATABRICKS_TOKEN", "Access token for Databricks.")
AZUREML_TOKEN = _text("AZUREML_RUN_TOKEN", "Bearer token for Azure ML, where no tracking token is set.")
EXPERIMENT_NAME = _text(
    "HEADRACE_EXPERIMENT_NAME MLFLOW_EXPERIMENT_NAME",
    "Experiment of new runs, by name; made if it is missing.",
)
ACTIVE_MODEL_ID = _text(
    "HEADRACE_ACTIVE_MODEL_ID MLFLOW_ACTIVE_MODEL_ID",
    "Logged model that metrics belong to, unless a call names one.",
)
EXPERIMENT_ID = _text("HEADRACE_EXPERIMENT_ID MLFLOW_EXPERIMENT_ID", "Experiment of new runs, by id; must exist.")
RUN_ID = _text("HEADRACE_RUN_ID MLFLOW_RUN_ID", "Run that the next start_run resumes.")
RUN_CONTEXT = _text("HEADRACE_RUN_CONTEXT MLFLOW_RUN_CONTEXT", "JSON object of tags that every new run gets.")
DEFAULT_ARTIFACT_ROOT = _text(
    "HEADRACE_DEFAULT_ARTIFACT_ROOT MLFLOW_DEFAULT_ARTIFACT_ROOT",
    "Where artifacts of new experiments go, folder or URI, for stores that name no place of their own.",
)
ENABLE_ASYNC_LOGGING = Setting(
    "HEADRACE_ENABLE_ASYNC_LOGGING MLFLOW_ENABLE_ASYNC_LOGGING",
    _flag,
    False,
    "Let log calls return before the store has the data, where they don't say `synchronous` themselves.",
)
LOGGING = Setting(
    "HEADRACE_LOGGING",
    _logging,
    "journal",
    "Where fluent calls write: to the journal, from which a thread sends (journal), or to the store, waiting (direct).",
)
OFFLINE = Setting(
    "HEADRACE_OFFLINE",
    _flag,
    False,
    "Only write the journal, and leave the store alone; `headrace sync` sends it later.",
)
STRICT = Setting(
    "HEADRACE_STRICT",
    _flag,
    False,
    "Let fluent calls raise where the store can't be reached or the journal can't be written, instead of a warning.",
)
JOURNAL_DIR = _text("HEADRACE_JOURNAL_DIR", "Folder of journals, instead of one beside the store or in HEADRACE_HOME.")
JOURNAL_SYNC = Setting(
    "HEADRACE_JOURNAL_SYNC",
    _flag,
    False,
    "Sync the journal to the disk at every record, so that not even a power cut takes one; else within 200 ms.",
)
FLUSH_TIMEOUT_S = Setting(
    "HEADRACE_FLUSH_TIMEOUT",
    float,
    60.0,
    "Seconds that the end of a run, or of the process, waits for the store to take what the journal holds.",
)
LEASE_S = Setting(
    "HEADRACE_LEASE",
    _lease,
    60.0,
    "Seconds after which an open run is FAILED when its process isn't heard from; it says four times as often that it "
    "is there. 0: it says nothing, and the run stays RUNNING.",
)
REAP_INTERVAL_S = Setting(
    "HEADRACE_REAP_INTERVAL",
    float,
    10.0,
    "Seconds between two looks of a server for runs whose process is gone; 0 leaves them to others.",
)
SUPPRESS_RUN_URL = Setting(
    "HEADRACE_SUPPRESS_PRINTING_URL_TO_STDOUT MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT",
    _flag,
    False,
    "Don't print the run's address when a run on a server ends.",
)
ENABLE_SYSTEM_METRICS_LOGGING = Setting(
    "HEADRACE_ENABLE_SYSTEM_METRICS_LOGGING MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING",
    _flag,
    False,
    "Log what the machine does while a run is open, where start_run doesn't say.",
)
SYSTEM_METRICS_SAMPLING_INTERVAL_S: Setting[float | None] = Setting(
    "HEADRACE_SYSTEM_METRICS_SAMPLING_INTERVAL MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL",
    _seconds,
    None,
    "Seconds between two samples of the machine; 10 by default.",
)
SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING: Setting[int | None] = Setting(
    "HEADRACE_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING",
    _count,
    None,
    "Samples of the machine whose average is logged as one point; 1 by default.",
)
SYSTEM_METRICS_NODE_ID = _text(
    "HEADRACE_SYSTEM_METRICS_NODE_ID MLFLOW_SYSTEM_METRICS_NODE_ID",
    "Name of this machine among those that log to one run; its metrics are system/NODE/… then.",
)
TRUNCATE_LONG_VALUES = Setting(
    "HEADRACE_TRUNCATE_LONG_VALUES MLFLOW_TRUNCATE_LONG_VALUES",
    _flag,
    True,
    "Cut over-long param and tag values instead of refusing them.",
)
MODEL_SOURCE_PATTERN = Setting(
    "HEADRACE_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
    _pattern,
    None,
    "Regular expression that the source of every model version must match somewhere.",
)
ARTIFACT_LOCATION_MAX_LENGTH = Setting(
    "HEADRACE_ARTIFACT_LOCATION_MAX_LENGTH MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH",
    int,
    2048,
    "Longest artifact location, in characters.",
)
HTTP_MAX_RETRIES = Setting(
    "HEADRACE_HTTP_REQUEST_MAX_RETRIES MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    int,
    7,
    "How often a failed request is sent again.",
)
HTTP_BACKOFF_FACTOR_S = Setting(
    "HEADRACE_HTTP_REQUEST_BACKOFF_FACTOR MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR",
    float,
    2.0,
    "Seconds that double at each retry.",
)
HTTP_BACKOFF_JITTER_S = Setting(
    "HEADRACE_HTTP_REQUEST_BACKOFF_JITTER MLFLOW_HTTP_REQUEST_BACKOFF_JITTER",
    float,
    1.0,
    "Most seconds added at random to a back-off.",
)
HTTP_TIMEOUT_S = Setting(
    "HEADRACE_HTTP_REQUEST_TIMEOUT MLFLOW_HTTP_REQUEST_TIMEOUT",
    float,
    120.0,
    "Seconds until a request is given up.",
)
HTTP_RESPECT_RETRY_AFTER = Setting(
    "HEADRACE_HTTP_RESPECT_RETRY_AFTER_HEADER MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER",
    _flag,
    True,
    "Wait as long as the server's Retry-After header asks.",
)
HTTP_POOL_SIZE = Setting(
    "HEADRACE_HTTP_POOL_MAXSIZE MLFLOW_HTTP_POOL_MAXSIZE",
    int,
    10,
    "Connections that are kept open to one server.",
)
FETCH_ALLOW_PRIVATE = Setting(
    "HEADRACE_FETCH_ALLOW_PRIVATE",
    _flag,
    False,
    "Follow addresses that a user gave into private, loopback and link-local networks too.",
)
SAMPLES_DIR = _text(
    "HEADRACE_SAMPLES",
    "Folder where `models serve` keeps samples of requests, and where `monitor` finds them, if --samples names none.",
)
OTLP_ENDPOINT = _text(
    "OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "Collector of OpenTelemetry that `models serve` sends a span of each request to; --otel sends them in any case.",
)
MONITOR_WEBHOOK_SECRET = _text(
    "HEADRACE_MONITOR_WEBHOOK_SECRET",
    "Secret by which `monitor --webhook` signs what it sends, as webhooks are signed.",
)
WEBHOOK_ALLOW_PRIVATE = Setting(
    "HEADRACE_WEBHOOK_ALLOW_PRIVATE MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
    _flag,
    False,
    "Let webhooks lead into private, loopback and link-local networks too.",
)
WEBHOOK_ALLOWED_SCHEMES = Setting[tuple[str, ...]](
    "HEADRACE_WEBHOOK_ALLOWED_SCHEMES MLFLOW_WEBHOOK_ALLOWED_SCHEMES",
    _schemes,
    ("https",),
    "Schemes that addresses of webhooks may have, by commas: https, or https,http.",
)
WEBHOOK_TIMEOUT_S = Setting(
    "HEADRACE_WEBHOOK_REQUEST_TIMEOUT MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
    _seconds,
    30.0,
    "Seconds until a webhook that doesn't answer is given up for this time.",
)
WEBHOOK_MAX_RETRIES = Setting(
    "HEADRACE_WEBHOOK_REQUEST_MAX_RETRIES MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
    int,
    15,
    "How often a failed delivery is sent again; 15 times are spread over about five hours.",
)
WEBHOOK_BACKOFF_S = Setting(
    "HEADRACE_WEBHOOK_BACKOFF",
    _seconds,
    2.0,
    "Seconds until a failed delivery is sent again, doubled at each further time, at most an hour.",
)
WEBHOOK_WORKERS = Setting(
    "HEADRACE_WEBHOOK_DELIVERY_MAX_WORKERS MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS",
    int,
    10,
    "Deliveries that a server process sends at a time; 0 leaves them to other processes.",
)
WEBHOOK_KEEP_DAYS = Setting(
    "HEADRACE_WEBHOOK_KEEP_DAYS", float, 30.0, "Days that the log of ended deliveries goes back."
)
WEBHOOK_SECRET_KEY = _text(
    "HEADRACE_WEBHOOK_SECRET_ENCRYPTION_KEY MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
    "Fernet key by which webhooks' secrets are encrypted in the database; without it they are kept as they are.",
)
INSECURE_TLS = Setting(
    "HEADRACE_TRACKING_INSECURE_TLS MLFLOW_TRACKING_INSECURE_TLS",
    _flag,
    False,
    "Accept any certificate of the server.",
)
CA_BUNDLE = _text(
    "HEADRACE_TRACKING_SERVER_CERT_PATH MLFLOW_TRACKING_SERVER_CERT_PATH", "File of certificates to trust."
)
CLIENT_CERT = _text(
    "HEADRACE_TRACKING_CLIENT_CERT_PATH MLFLOW_TRACKING_CLIENT_CERT_PATH",
    "Client certificate (PEM with key).",
)
S3_IGNORE_TLS = Setting(
    "HEADRACE_S3_IGNORE_TLS MLFLOW_S3_IGNORE_TLS",
    _flag,
    False,
    "Accept any certificate of the object store.",
)
ARTIFACT_HOSTS = _text(
    "HEADRACE_ARTIFACT_HOSTS",
    "Hosts beside the tracking server that get its credentials with artifact requests, by commas.",
)
SERVED_ARTIFACT_ROOTS = _text(
    "HEADRACE_SERVED_ARTIFACT_ROOTS",
    "Folders and addresses, by commas, whose artifacts a server reads for callers beside its own roots.",
)
MAX_UPLOAD_BYTES = Setting(
    "HEADRACE_MAX_UPLOAD_BYTES",
    int,
    None,
    "Largest file that a server takes through its artifact proxy, in bytes; any size without it.",
)
S3_ENDPOINT_URL = _text(
    "HEADRACE_S3_ENDPOINT_URL MLFLOW_S3_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL",
    "Address of an S3-compatible server.",
)
ALLOW_NETWORK_FILESYSTEM = Setting(
    "HEADRACE_ALLOW_NETWORK_FILESYSTEM",
    _flag,
    False,
    "Open a SQLite database on a network file system all the same; two machines that write to it corrupt it.",
)
POSTGRES_POOL_SIZE = Setting(
    "HEADRACE_POSTGRES_POOL_SIZE MLFLOW_SQLALCHEMYSTORE_POOL_SIZE",
    int,
    10,
    "Most connections that one process opens to PostgreSQL.",
)
LOCK_MODEL_DEPENDENCIES = Setting(
    "HEADRACE_LOCK_MODEL_DEPENDENCIES MLFLOW_LOCK_MODEL_DEPENDENCIES",
    _flag,
    False,
    "Write requirements.lock into new models: exact versions and hashes of all that they need, worked out by uv.",
)
ENV_ROOT = _text(
    "HEADRACE_ENV_ROOT MLFLOW_ENV_ROOT",
    "Folder of the environments that are built for models and projects; by default in the user's cache folder.",
)
ENV_INSTALLER = Setting(
    "HEADRACE_ENV_INSTALLER",
    _installer,
    None,
    "What installs packages into environments, uv or pip; by default uv where the environment is built by it.",
)
CONDA_HOME = _text("HEADRACE_CONDA_HOME MLFLOW_CONDA_HOME", "Folder of the conda that builds environments.")
CONDA_CREATE_COMMAND = _text(
    "HEADRACE_CONDA_CREATE_ENV_CMD MLFLOW_CONDA_CREATE_ENV_CMD",
    "Command that makes conda environments, such as mamba; by default the first of conda, mamba, micromamba.",
)
PROJECT_ROOT = _text(
    "HEADRACE_PROJECT_ROOT",
    "Folder of fetched projects, by commit or digest; by default in the user's cache folder.",
)
STORAGE_DIR = _text(
    "HEADRACE_TMP_DIR MLFLOW_TMP_DIR", "Folder below which files that projects' parameters name are downloaded."
)
PROJECT_RUNS = _text(
    "HEADRACE_PROJECT_RUNS", "Runs whose command this process belongs to, outermost first; set by headrace run."
)
SHELL = Setting("SHELL", str, "bash", "Shell that runs .sh entry points of projects.")
REQUIRE_WORKING_EXAMPLE = Setting(
    "HEADRACE_REQUIRE_WORKING_EXAMPLE",
    _flag,
    False,
    "Refuse to save a model that fails on its own input example, instead of warning.",
)
MODEL_COMPRESSION = _text(
    "HEADRACE_LOG_MODEL_COMPRESSION MLFLOW_LOG_MODEL_COMPRESSION",
    "Compression of pickled Python models: lzma, bzip2 or gzip.",
)
DEFAULT_PREDICTION_DEVICE = Setting[int | str | None](
    "HEADRACE_DEFAULT_PREDICTION_DEVICE MLFLOW_DEFAULT_PREDICTION_DEVICE",
    _device,
    None,
    "Device that models are loaded on where the call names none: a GPU's number, -1 for the CPU, or a name (cuda:1).",
)
HUGGINGFACE_USE_DEVICE_MAP = Setting(
    "HEADRACE_HUGGINGFACE_USE_DEVICE_MAP MLFLOW_HUGGINGFACE_USE_DEVICE_MAP",
    _flag,
    False,
    "Load transformers models with a device_map, so that accelerate spreads them over devices.",
)
HUGGINGFACE_DEVICE_MAP_STRATEGY = Setting(
    "HEADRACE_HUGGINGFACE_DEVICE_MAP_STRATEGY MLFLOW_HUGGINGFACE_DEVICE_MAP_STRATEGY",
    str,
    "auto",
    "Which device_map that is: auto, balanced, sequential …",
)
HUGGINGFACE_USE_LOW_CPU_MEM_USAGE = Setting(
    "HEADRACE_HUGGINGFACE_USE_LOW_CPU_MEM_USAGE MLFLOW_HUGGINGFACE_USE_LOW_CPU_MEM_USAGE",
    _flag,
    True,
    "Load transformers models without a second copy of their weights in memory (transformers 5 always does).",
)
HUGGINGFACE_DISABLE_ACCELERATE_FEATURES = Setting(
    "HEADRACE_HUGGINGFACE_DISABLE_ACCELERATE_FEATURES MLFLOW_DISABLE_HUGGINGFACE_ACCELERATE_FEATURES",
    _flag,
    False,
    "Load transformers models without what accelerate offers: no device_map, no low_cpu_mem_usage.",
)
HUGGINGFACE_MODEL_MAX_SHARD_SIZE = Setting(
    "HEADRACE_HUGGINGFACE_MODEL_MAX_SHARD_SIZE MLFLOW_HUGGINGFACE_MODEL_MAX_SHARD_SIZE",
    str,
    "500MB",
    "Size up to which weights of a transformers model share a file.",
)
PYFUNC_INFERENCE_CONFIG = _text(
    "HEADRACE_PYFUNC_INFERENCE_CONFIG MLFLOW_PYFUNC_INFERENCE_CONFIG",
    "JSON object that overrides the model_config of models that are loaded.",
)
ALLOW_PICKLE: Setting[bool | None] = Setting(
    "HEADRACE_ALLOW_PICKLE MLFLOW_ALLOW_PICKLE_DESERIALIZATION",
    _flag,
    None,
    "Let every model run the code that it brings (1), or none (0), instead of those that are trusted.",
)
TRUSTED_USERS = _text(
    "HEADRACE_TRUSTED_USERS", "Users, by commas, whose models from a registry may run the code that they bring."
)
RAY_ADDRESS = _text(
    "HEADRACE_RAY_ADDRESS RAY_API_SERVER_ADDRESS RAY_ADDRESS",
    "Address of the Ray dashboard that runs projects, http://HOST:8265.",
)
RAY_AUTH_TOKEN = _text("RAY_AUTH_TOKEN", "Token for a Ray cluster that asks for one.")
RAY_AUTH_TOKEN_PATH = _text(
    "RAY_AUTH_TOKEN_PATH", "File with that token; by default ~/.ray/auth_token, where Ray writes it."
)
KUBE_TRACKING_URI = _text(
    "HEADRACE_KUBE_TRACKING_URI KUBE_MLFLOW_TRACKING_URI",
    "Tracking URI for projects on Kubernetes, if pods reach the server by another address.",
)
DEPLOYMENTS_TARGET = _text(
    "HEADRACE_DEPLOYMENTS_TARGET MLFLOW_DEPLOYMENTS_TARGET", "Where models are deployed if no target is given."
)
IMAGE_PORT = Setting("SAGEMAKER_BIND_TO_PORT", int, 8080, "Port that a model's container listens on.")
IMAGE_MODEL = Setting(
    "HEADRACE_IMAGE_MODEL", str, "/opt/ml/model", "Folder of the model that a model's container serves."
)
IMAGE_MODEL_NAME = Setting("HEADRACE_IMAGE_MODEL_NAME", str, "model", "What a model's container calls its model.")
IMAGE_ENV_MANAGER = Setting(
    "HEADRACE_IMAGE_ENV_MANAGER", str, "local", "What builds the model's environment when a model's container starts."
)
SERVE_API_KEYS = _text(
    "HEADRACE_SERVE_API_KEYS HEADRACE_SERVE_API_KEY", "API keys of headrace models serve, by commas; any of them opens."
)
VLLM = Setting("HEADRACE_VLLM", str, "vllm", "Command that starts vLLM, for models that are served by that engine.")
SERVE_TIMEOUT_S = Setting(
    "HEADRACE_SERVE_REQUEST_TIMEOUT MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT",
    _seconds,
    60.0,
    "Seconds until a served model must have answered a request.",
)
HOME = _text("HEADRACE_HOME", "Folder of this user's own files, instead of XDG_DATA_HOME/headrace.")
DEBUG = Setting("HEADRACE_DEBUG", _flag, False, "Let the command line show the traceback of an error.")
