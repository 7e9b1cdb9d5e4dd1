"""The MLproject file: what a project is called, what it runs in, its entry points. Faults name their line.

Keys that MLflow doesn't know are passed over, as it does. A folder without the file is a project too: its environment
is what lies there (python_env.yaml, conda.yaml, a pyproject.toml with a [project]), its entry points are its scripts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from yaml.constructor import SafeConstructor

from headrace import settings
from headrace.errors import InvalidValue, NotSupported
from headrace.projects.launch import Docker, EnvironmentKind
from headrace.projects.quoting import quoted

ParameterType = Literal["string", "float", "int", "bool", "path", "uri"]

FILE_NAME = "mlproject"
_ENVIRONMENTS = ("python_env", "conda_env", "docker_env")
_TYPES: dict[str, ParameterType] = {
    **{name: name for name in ("string", "float", "int", "bool", "path", "uri")},
    "str": "string",
    "double": "float",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
}
_SCRIPTS = (".py", ".sh", ".R")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """default: as YAML read it; None: there is none, the caller must give a value."""

    name: str
    type: ParameterType = "string"
    default: Any = None


@dataclass(frozen=True, kw_only=True)
class EntryPoint:
    """command: a template with `{parameter}` in it."""

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MLproject:
    """path: of the file; None for a folder that has none. environment: the file that describes what `kind` needs."""

    folder: Path
    path: Path | None = None
    name: str | None = None
    kind: EnvironmentKind = "none"
    environment: Path | None = None
    docker: Docker | None = None
    entry_points: Mapping[str, EntryPoint] = field(default_factory=dict)

    def entry_point(self, name: str) -> EntryPoint:
        """The one that is declared, else a script of that name. InvalidValue says what there is."""
        declared = self.entry_points.get(name)
        if declared is not None:
            return declared
        if not name.endswith(_SCRIPTS):
            near = get_close_matches(name, self.entry_points)
            there = ", ".join(self.entry_points) or "none"
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise InvalidValue(
                "entry_point",
                name,
                f"{self.path or f'{self.folder} (which has no MLproject file)'} declares {there}; a file of the "
                f"project that ends in {', '.join(_SCRIPTS)} can be run as well.{hint}",
            )
        if not (self.folder / name).is_file():
            raise InvalidValue("entry_point", name, f"there is no such file in {self.folder}.")
        return EntryPoint(name=name, command=_script(name).replace("{", "{{").replace("}", "}}"))


def _script(name: str) -> str:
    if name.endswith(".py"):
        return f"python {quoted(name)}"
    if name.endswith(".sh"):
        return f"{quoted(settings.SHELL.get())} {quoted(name)}"
    return f"Rscript -e {quoted(f'mlflow::mlflow_source({_r_text(name)})')} --args"


def _r_text(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read(folder: Path) -> MLproject:
    """Reads the project in a folder. InvalidValue with file and line for what the file gets wrong."""
    path = _file(folder)
    if path is None:
        return _with_found_environment(MLproject(folder=folder))
    reader = _Reader(path)
    root = reader.root()
    if root is None:
        return _with_found_environment(MLproject(folder=folder, path=path))
    top = reader.mapping(root, "the file")
    if "databricks_spark_job" in top:
        raise NotSupported(
            f"{reader.place(top['databricks_spark_job'])}: databricks_spark_job runs on Databricks only, which "
            "Headrace has no backend for."
        )
    name = reader.optional_text(top.get("name"), "name")
    points = dict(_entry_points(reader, top.get("entry_points")))
    asked = [key for key in _ENVIRONMENTS if not reader.is_absent(top.get(key))]
    if len(asked) > 1:
        raise reader.wrong(top[asked[1]], f"one environment is allowed, and {' and '.join(asked)} are there.")
    project = MLproject(folder=folder, path=path, name=name, entry_points=points)
    if not asked:
        return _with_found_environment(project)
    return _with_environment(project, reader, asked[0], top[asked[0]])


def has_mlproject(folder: Path) -> bool:
    return folder.is_dir() and _file(folder) is not None


def _file(folder: Path) -> Path | None:
    return next((entry for entry in sorted(folder.iterdir()) if entry.name.lower() == FILE_NAME), None)


def _with_environment(project: MLproject, reader: _Reader, key: str, node: yaml.Node) -> MLproject:
    if key == "docker_env":
        return MLproject(
            folder=project.folder,
            path=project.path,
            name=project.name,
            kind="docker",
            docker=_docker(reader, node),
            entry_points=project.entry_points,
        )
    file = project.folder / reader.text(node, key)
    if not file.is_file():
        raise reader.wrong(node, f"{key} names {str(file)!r}, and there is no such file.")
    kind: EnvironmentKind = "conda"
    if key == "python_env":
        kind = "uv" if file.name in ("pyproject.toml", "uv.lock") else "python"
    return _in(project, kind, file)


def _in(project: MLproject, kind: EnvironmentKind, file: Path) -> MLproject:
    return MLproject(
        folder=project.folder,
        path=project.path,
        name=project.name,
        kind=kind,
        environment=file,
        entry_points=project.entry_points,
    )


def _with_found_environment(project: MLproject) -> MLproject:
    """What lies in the folder when nothing names an environment."""
    folder = project.folder
    if (folder / "python_env.yaml").is_file():
        return _in(project, "python", folder / "python_env.yaml")
    if (folder / "conda.yaml").is_file():
        return _in(project, "conda", folder / "conda.yaml")
    if _is_package(folder / "pyproject.toml"):
        return _in(project, "uv", folder / "pyproject.toml")
    return project


def _is_package(path: Path) -> bool:
    """Not every pyproject.toml describes dependencies: many hold the settings of a linter."""
    try:
        return "project" in tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidValue(message=f"{path} isn't valid TOML: {error}.") from None


def _docker(reader: _Reader, node: yaml.Node) -> Docker:
    found = reader.mapping(node, "docker_env")
    if reader.is_absent(found.get("image")):
        raise reader.wrong(node, "docker_env needs an image, such as image: python:3.12-slim.")
    volumes = [reader.text(each, "a volume") for each in reader.sequence(found.get("volumes"), "volumes")]
    variables = [_variable(reader, each) for each in reader.sequence(found.get("environment"), "environment")]
    return Docker(image=reader.text(found["image"], "image"), volumes=tuple(volumes), environment=tuple(variables))


def _variable(reader: _Reader, node: yaml.Node) -> str | tuple[str, str]:
    if not isinstance(node, yaml.SequenceNode):
        return reader.text(node, "the name of a variable")
    pair = [reader.text(each, "the name or value of a variable") for each in node.value]
    if len(pair) != 2:
        raise reader.wrong(node, 'a variable is a name (copied from this machine) or a pair ["NAME", "value"].')
    return pair[0], pair[1]


def _entry_points(reader: _Reader, node: yaml.Node | None) -> Iterator[tuple[str, EntryPoint]]:
    if reader.is_absent(node):
        return
    for name, value in reader.mapping(node, "entry_points").items():
        found = reader.mapping(value, f"entry point {name!r}")
        if reader.is_absent(found.get("command")):
            raise reader.wrong(value, f"entry point {name!r} has no command.")
        declared = found.get("parameters")
        parameters = (
            {}
            if reader.is_absent(declared)
            else {
                key: _parameter(reader, key, each)
                for key, each in reader.mapping(declared, f"parameters of {name!r}").items()
            }
        )
        command = reader.text(found["command"], f"the command of {name!r}")
        yield name, EntryPoint(name=name, command=command, parameters=parameters)


def _parameter(reader: _Reader, name: str, node: yaml.Node) -> Parameter:
    """Its type as text, or a mapping of type and default. A type that nobody knows is text, as it is for MLflow."""
    if isinstance(node, yaml.ScalarNode):
        word = "string" if reader.is_absent(node) else reader.text(node, f"the type of parameter {name!r}")
        return Parameter(name=name, type=_TYPES.get(word.strip().lower(), "string"))
    found = reader.mapping(node, f"parameter {name!r}")
    word = "string"
    if not reader.is_absent(found.get("type")):
        word = reader.text(found["type"], f"the type of parameter {name!r}")
    default = None if reader.is_absent(found.get("default")) else reader.value(found["default"])
    if isinstance(default, dict | list):
        raise reader.wrong(found["default"], f"the default of parameter {name!r} must be one value, not a collection.")
    return Parameter(name=name, type=_TYPES.get(word.strip().lower(), "string"), default=default)


class _Reader:
    """Nodes of one YAML file, which know their lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._constructor = SafeConstructor()

    def root(self) -> yaml.Node | None:
        try:
            text = self._path.read_text(encoding="utf-8")
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except UnicodeDecodeError:
            raise InvalidValue(message=f"{self._path} isn't UTF-8 text.") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{mark.line + 1}" if mark else ""
            raise InvalidValue(message=f"{self._path}{line}: this isn't valid YAML: {error.problem}.") from None
        except yaml.YAMLError as error:
            raise InvalidValue(message=f"{self._path}: this isn't valid YAML: {error}.") from None

    def place(self, node: yaml.Node) -> str:
        return f"{self._path}:{node.start_mark.line + 1}"

    def wrong(self, node: yaml.Node, sentence: str) -> InvalidValue:
        return InvalidValue(message=f"{self.place(node)}: {sentence}")

    def is_absent(self, node: yaml.Node | None) -> bool:
        return node is None or node.tag == "tag:yaml.org,2002:null"

    def value(self, node: yaml.Node) -> Any:
        try:
            return self._constructor.construct_object(node, deep=True)
        except yaml.YAMLError as error:
            raise self.wrong(node, f"this value can't be read: {getattr(error, 'problem', error)}.") from None

    def text(self, node: yaml.Node, what: str) -> str:
        """A number is text as well: a project may be called 42."""
        if not isinstance(node, yaml.ScalarNode) or self.is_absent(node):
            raise self.wrong(node, f"{what} must be text, and this is {_kind(node)}.")
        return str(node.value)

    def optional_text(self, node: yaml.Node | None, what: str) -> str | None:
        return None if node is None or self.is_absent(node) else self.text(node, what)

    def mapping(self, node: yaml.Node | None, what: str) -> dict[str, yaml.Node]:
        assert node is not None
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(node, f"{what} must be a mapping (key: value), and this is {_kind(node)}.")
        # Brings in what `<<: *anchor` names.
        self._constructor.flatten_mapping(node)
        return {self.text(key, f"a key of {what}"): value for key, value in node.value}

    def sequence(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        if node is None or self.is_absent(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(node, f"{what} must be a list, and this is {_kind(node)}.")
        return list(node.value)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "empty" if node.tag == "tag:yaml.org,2002:null" else f"{node.value!r}"
