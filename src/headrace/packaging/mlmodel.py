"""The MLmodel file: what a model folder says about itself, as MLflow 1 to 3 and Headrace write it.

Keys that nobody here knows are kept and written back. Reading goes through YAML's safe loader and runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import yaml

from headrace import clock
from headrace.errors import Corrupt, InvalidValue, NotFound
from headrace.packaging.inside import inside
from headrace.packaging.mlflow_version import VERSION

if TYPE_CHECKING:
    from headrace.packaging.info import ModelInfo
    from headrace.packaging.signature import ModelSignature

FILE_NAME = "MLmodel"
PYFUNC = "python_function"
MAX_BYTES = 64 << 20  # an MLmodel is text that somebody could read; far above any that was ever written

_ODD_BREAKS = frozenset("\x85\u2028\u2029")
_MAX_NODES = 1_000_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast, where it is built in

_SIMPLE_KEYS = (
    "artifact_path",
    "run_id",
    "utc_time_created",
    "mlflow_version",
    "model_uuid",
    "model_id",
    "saved_input_example_info",
    "model_size_bytes",
    "metadata",
    "prompts",
    "resources",
    "auth_policy",
    "env_vars",
    "databricks_runtime",
)
_ALWAYS_WRITTEN = {"model_id", "prompts"}  # null where unset, as MLflow 3 does


class Model:
    """One MLmodel. flavors: name → its keys. signature: None where the model has none. folder: where it was read.

    signature_from_hints, hint_from_example: where the signature came from; written beside it only.
    """

    def __init__(
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: str | None = None,
        flavors: Mapping[str, Mapping[str, Any]] | None = None,
        signature: ModelSignature | None = None,
        saved_input_example_info: dict[str, Any] | None = None,
        model_uuid: str | None = None,
        mlflow_version: str | None = VERSION,
        metadata: dict[str, Any] | None = None,
        model_size_bytes: int | None = None,
        model_id: str | None = None,
        prompts: list[str] | None = None,
        resources: Any = None,
        auth_policy: Any = None,
        env_vars: list[str] | None = None,
        databricks_runtime: str | None = None,
        is_signature_from_type_hint: bool = False,
        type_hint_from_example: bool = False,
        **unknown: Any,
    ) -> None:
        self.artifact_path = artifact_path
        self.run_id = run_id
        self.utc_time_created = utc_time_created or _utc_now()
        self.flavors: dict[str, dict[str, Any]] = {name: dict(keys) for name, keys in (flavors or {}).items()}
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_uuid = model_uuid or clock.hex_id()
        self.mlflow_version = mlflow_version
        self.metadata = metadata
        self.model_size_bytes = model_size_bytes
        self.model_id = model_id
        self.prompts = prompts
        self.resources = resources
        self.auth_policy = auth_policy
        self.env_vars = env_vars
        self.databricks_runtime = databricks_runtime
        self.is_signature_from_type_hint = is_signature_from_type_hint
        self.type_hint_from_example = type_hint_from_example
        self.unknown = unknown
        self.folder: Path | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __str__(self) -> str:
        return self.to_yaml()

    def add_flavor(self, name: str, **params: Any) -> Self:
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Any:
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Any:
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> Any:
        return self.signature.params if self.signature else None

    def get_model_info(self) -> ModelInfo:
        """By what the file says; `models.get_model_info` also asks the store."""
        from headrace.packaging.info import info_of

        of_run = f"runs:/{self.run_id}/{self.artifact_path}" if self.run_id else str(self.artifact_path)
        return info_of(self, f"models:/{self.model_id}" if self.model_id else of_run)

    def load_input_example(self, path: str | Path | None = None) -> Any:
        """Of the model's folder; None where it has none."""
        return self._example(path)[0]

    def load_input_example_params(self, path: str | Path | None = None) -> dict[str, Any] | None:
        params: dict[str, Any] | None = self._example(path)[1]
        return params

    def get_serving_input(self, path: str | Path) -> str | None:
        """The JSON that a scoring server takes for the example."""
        name = (self.saved_input_example_info or {}).get("serving_input_path")
        return inside(path, str(name)).read_text(encoding="utf-8") if name else None

    def _example(self, path: str | Path | None) -> tuple[Any, Any]:
        from headrace.packaging import example

        if self.saved_input_example_info is None:
            return None, None
        folder = self.folder if path is None else Path(path)
        if folder is None:
            raise InvalidValue("path", None, "the model's folder is needed, as this MLmodel wasn't read from one.")
        data, params = example.read(folder, self.saved_input_example_info)
        return example.typed(data, self.get_input_schema()), params

    @property
    def pyfunc(self) -> dict[str, Any] | None:
        return self.flavors.get(PYFUNC)

    def to_dict(self) -> dict[str, Any]:
        written: dict[str, Any] = dict(self.unknown)
        for key in _SIMPLE_KEYS:
            value = getattr(self, key)
            if value is not None or key in _ALWAYS_WRITTEN:
                written[key] = value
        written["flavors"] = self.flavors
        if self.signature is not None:
            written["signature"] = self.signature.to_dict()
            written["is_signature_from_type_hint"] = self.is_signature_from_type_hint
            written["type_hint_from_example"] = self.type_hint_from_example
        return written

    def to_yaml(self) -> str:
        text: str = yaml.dump(self.to_dict(), Dumper=_Dumper, default_flow_style=False, allow_unicode=True)
        return text

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def save(self, path: str | Path) -> None:
        """To the file. What was there is replaced as a whole."""
        place = Path(path)
        part = place.with_name(f".{place.name}.{clock.hex_id()}")
        part.write_text(self.to_yaml(), encoding="utf-8")
        part.replace(place)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Of the file, or of the folder that holds one. NotFound, or Corrupt with what is wrong and where."""
        place = Path(path)
        place = place / FILE_NAME if place.is_dir() else place
        try:
            size = place.stat().st_size
            if place.is_dir():
                raise IsADirectoryError
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound(
                "MLmodel file", str(place), by="path", hint="A model's folder holds a file of that name."
            ) from None
        if size > MAX_BYTES:
            raise Corrupt(f"{place} has {size} bytes; an MLmodel has at most {MAX_BYTES}.")
        found = cls.from_yaml(place.read_bytes(), str(place))
        found.folder = place.parent
        return found

    @classmethod
    def from_yaml(cls, text: bytes | str, where: str = FILE_NAME) -> Self:
        try:
            loaded = yaml.load(text, Loader=_LOADER)  # noqa: S506 — one of the safe loaders
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise Corrupt(f"{where} isn't YAML that is safe to read: {error}") from error
        _refuse_bomb(loaded, where)
        if not isinstance(loaded, dict):
            raise Corrupt(f"{where} holds {type(loaded).__name__}; an MLmodel is a mapping with the key 'flavors'.")
        return cls.from_dict(loaded, where)

    @classmethod
    def from_dict(cls, model_dict: Mapping[str, Any], where: str = FILE_NAME) -> Self:
        fields = {str(key): value for key, value in model_dict.items()}
        flavors = fields.pop("flavors", None) or {}
        if not isinstance(flavors, dict) or not all(isinstance(keys, dict) for keys in flavors.values()):
            raise Corrupt(f"{where}: 'flavors' must map names to mappings.")
        signature = fields.pop("signature", None)
        try:
            parsed = None if signature is None else _signature(signature)
        except (InvalidValue, TypeError, ValueError, KeyError, AttributeError) as error:
            raise Corrupt(f"{where}: the signature can't be read: {error}") from error
        for key in ("utc_time_created", "mlflow_version"):
            if fields.get(key) is not None:
                fields[key] = str(fields[key])
        fields.setdefault("mlflow_version", None)
        fields["is_signature_from_type_hint"] = bool(fields.get("is_signature_from_type_hint"))
        fields["type_hint_from_example"] = bool(fields.get("type_hint_from_example"))
        return cls(flavors={str(name): keys for name, keys in flavors.items()}, signature=parsed, **fields)


def _utc_now() -> str:
    return datetime.fromtimestamp(clock.now_ms() / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Without anchors: MLflow's readers, and people, get each value where it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True

    def represent_str(self, data: str) -> Any:
        # Unicode's own line breaks become plain ones in every style but this.
        quoted = '"' if _ODD_BREAKS & set(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=quoted)


_Dumper.add_representer(str, _Dumper.represent_str)


def _refuse_bomb(loaded: object, where: str) -> None:
    """Aliases of aliases are small in memory and endless when they are walked or written."""
    left, waiting = _MAX_NODES, [loaded]
    while waiting:
        node = waiting.pop()
        left -= 1
        if left < 0:
            raise Corrupt(f"{where} unfolds to more than {_MAX_NODES} values; its YAML aliases are nested too deeply.")
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _signature(found: Any) -> ModelSignature:
    from headrace.packaging.signature import ModelSignature  # and numpy: only where there is one

    return ModelSignature.from_dict(found)
