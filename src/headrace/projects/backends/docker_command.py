"""The words of `docker run` for a project: its arguments, mounts and variables in MLflow's order."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from headrace import settings
from headrace.client.open import embedded_folder
from headrace.errors import InvalidValue
from headrace.projects.launch import Docker, Launch

STORE = "/mlflow/tmp/mlruns"  # MLflow's place for a store of this machine

_SECRET = re.compile(r"TOKEN|PASSWORD|SECRET|ACCESS_KEY|STORAGE_KEY|CONNECTION_STRING|CREDENTIAL")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Variables that programs in the container reach an object store with, by the scheme of the run's artifacts.
_S3 = (
    "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_REGION AWS_ENDPOINT_URL_S3 "
    "MLFLOW_S3_ENDPOINT_URL MLFLOW_S3_IGNORE_TLS HEADRACE_S3_ENDPOINT_URL HEADRACE_S3_IGNORE_TLS"
).split()
_AZURE = (
    "AZURE_STORAGE_CONNECTION_STRING AZURE_STORAGE_ACCESS_KEY AZURE_STORAGE_ACCOUNT_NAME AZURE_STORAGE_SAS_TOKEN"
).split()
_AWS_FOLDER, _GCS_FILE = "/.aws", "/.gcs"  # where MLflow mounts credentials


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What a container gets of this machine. mounts: values of -v."""

    mounts: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    def __add__(self, other: Inside) -> Inside:
        return Inside(mounts=[*self.mounts, *other.mounts], variables={**self.variables, **other.variables})


def inside(launch: Launch, artifact_uri: str) -> Inside:
    """InvalidValue names variables that the project copies from this machine and that aren't set here."""
    return tracking(launch) + artifacts(artifact_uri) + Inside(variables=of_project(launch.environment.docker))


def words(launch: Launch, given: Inside, image: str, container: str) -> tuple[list[str], dict[str, str]]:
    """The words after `docker`, and variables for docker itself: secrets, which stand in no list of processes."""
    assert launch.environment.docker is not None
    found = ["run", "--rm"]
    if "name" not in launch.docker_args:
        found += ["--name", container]
    found += arguments(launch.docker_args)
    for mount in (*given.mounts, *launch.environment.docker.volumes):
        found += ["-v", mount]
    secrets = {}
    for name, value in given.variables.items():
        if is_secret(name):
            secrets[name] = value
            found += ["-e", name]
        else:
            found += ["-e", f"{name}={value}"]
    return [*found, image, *command(launch.command)], secrets


def is_secret(name: str) -> bool:
    """Whether a variable's value is one to keep out of lists and manifests."""
    return _SECRET.search(name) is not None


def arguments(given: Mapping[str, str | bool]) -> list[str]:
    """`-A name=value` and `-A flag` as options of docker. A flag that is False is left out."""
    found = list[str]()
    for name, value in given.items():
        option = f"-{name}" if len(name) == 1 else f"--{name}"
        if value is not False:
            found += [option] if value is True else [option, str(value)]
    return found


def command(text: str) -> list[str]:
    """What the container runs: words where the text is no more than words, so that an image needs no shell for it;
    else a shell's."""
    try:
        found = shlex.split(text)
    except ValueError:
        return ["sh", "-c", text]
    # Quoting the words again gives the text only if nothing in it meant anything to a shell.
    return found if found and shlex.join(found) == text else ["sh", "-c", text]


def tracking(launch: Launch) -> Inside:
    """The store, for a program in the container. One of this machine's folders is mounted, unless the container shares
    the machine's network and reaches the server that serves it."""
    variables = dict(launch.variables)
    here = _store_folder(launch.tracking_uri)
    if _shares_network(launch.docker_args):
        return Inside(variables=variables)
    if here is None:
        _tell_of_loopback(launch)
        return Inside(variables=variables)
    folder, uri = here
    for name in settings.TOKEN.names:
        variables.pop(name, None)
    variables |= {name: uri for name in settings.TRACKING_URI.names if name in variables}
    return Inside(mounts=[f"{folder}:{STORE}"], variables=variables)


def artifacts(artifact_uri: str) -> Inside:
    """The run's artifacts: a folder is mounted where it is; object stores get credentials."""
    parts = urlsplit(artifact_uri)
    match parts.scheme:
        case "" | "file":
            path = Path(unquote(parts.path) if parts.scheme else artifact_uri).absolute()
            path.mkdir(parents=True, exist_ok=True)  # docker would make it, for root alone
            return Inside(mounts=[f"{path}:{path}"])
        case "s3":
            folder = Path.home() / ".aws"
            found = Inside(variables=_set(_S3))
            if not folder.is_dir():
                return found
            files = {
                "AWS_SHARED_CREDENTIALS_FILE": f"{_AWS_FOLDER}/credentials",
                "AWS_CONFIG_FILE": f"{_AWS_FOLDER}/config",
            }
            return found + Inside(mounts=[f"{folder}:{_AWS_FOLDER}:ro"], variables=files)
        case "wasbs" | "wasb" | "abfss" | "az":
            return Inside(variables=_set(_AZURE))
        case "gs":
            file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
            if file:
                return Inside(
                    mounts=[f"{Path(file).absolute()}:{_GCS_FILE}:ro"],
                    variables={"GOOGLE_APPLICATION_CREDENTIALS": _GCS_FILE},
                )
    return Inside()


def of_project(docker: Docker | None) -> dict[str, str]:
    """What `docker_env.environment` asks for. InvalidValue names what isn't set here."""
    if docker is None:
        return {}
    copied = [entry for entry in docker.environment if isinstance(entry, str)]
    missing = [name for name in copied if name not in os.environ]
    if missing:
        raise InvalidValue(
            "docker_env.environment", missing, "the project copies these from this machine, and they aren't set here."
        )
    return {
        entry if isinstance(entry, str) else entry[0]: os.environ[entry] if isinstance(entry, str) else entry[1]
        for entry in docker.environment
    }


def is_of_this_machine(uri: str) -> bool:
    """Whether no other machine reaches that store, nor a container on a network of its own."""
    return _store_folder(uri) is not None or urlsplit(uri).hostname in LOOPBACK


def _store_folder(uri: str) -> tuple[Path, str] | None:
    """Of an embedded or SQLite store: its folder here, and the URI of the store where the folder is mounted."""
    parts = urlsplit(uri)
    if uri == "databricks" or parts.scheme not in ("", "file", "sqlite"):
        return None
    if parts.scheme == "sqlite":
        database = Path(unquote(uri.partition(":///")[2].partition("?")[0])).absolute()
        return database.parent, f"sqlite:///{quote(f'{STORE}/{database.name}')}"
    return embedded_folder(uri), f"file://{STORE}"


def _shares_network(given: Mapping[str, str | bool]) -> bool:
    return "host" in (given.get("network"), given.get("net"))


def _tell_of_loopback(launch: Launch) -> None:
    host = urlsplit(launch.tracking_uri).hostname
    if host in LOOPBACK:
        launch.progress(
            f"The tracking server is at {host}, which in a container is the container itself; "
            "--docker-args network=host lets it reach this machine."
        )


def _set(names: list[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
