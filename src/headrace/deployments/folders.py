"""Targets that take files: a deployment is a folder with what the service's own tool is given, and a README of how.

deployments/TARGET/NAME/
    headrace-deployment.json    what it was made of
    README.md                   the commands that deploy it
    …                           the service's files
"""

from __future__ import annotations

import abc
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from headrace import clock
from headrace.deployments.base import BaseDeploymentClient, check_flavor
from headrace.deployments.config import Config, decoded
from headrace.deployments.fetched import Fetched, fetch, lasting
from headrace.errors import AlreadyExists, InvalidValue, NotFound, NotSupported
from headrace.packaging import manifest

MARK = "headrace-deployment.json"


class FolderConfig(Config, frozen=True, kw_only=True):
    """directory: instead of deployments/TARGET/NAME; one that is elsewhere is not listed."""

    directory: str | None = None


FOLDER_TEXT = {"directory": "folder to write, instead of deployments/TARGET/NAME in this one"}


class FolderClient(BaseDeploymentClient):
    """config: the target's record. Subclasses write their files."""

    target: str
    config: type[FolderConfig]

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)
        self.root = Path("deployments", self.target)

    @abc.abstractmethod
    def write(self, name: str, model: Fetched, config: Any, folder: Path) -> str:
        """Fills the folder; returns the text of its README."""

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002 — MLflow's interface, here and below
    ) -> dict[str, Any]:
        chosen = self._chosen(flavor, config)
        folder = self._folder(name, chosen)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise AlreadyExists("folder", str(folder), hint="Update the deployment, or delete it.")
        return self._made(name, model_uri, chosen, dict(config or {}), folder)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        folder = self._folder(name, self._chosen(flavor, config))
        known = self._known(folder, name)
        given = {**known["config"], **(config or {})}
        made = self._made(name, model_uri or known["model_uri"], self._chosen(flavor, given), given, folder)
        return self.put(made, given)

    def delete_deployment(
        self,
        name: str,
        config: Mapping[str, Any] | None = None,
        endpoint: str | None = None,  # noqa: ARG002
    ) -> None:
        folder = self._folder(name, self._chosen(None, config))
        if folder.exists():
            self._known(folder, name)  # nobody else's folder
            shutil.rmtree(folder)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        return [self._known(path.parent, path.parent.name) for path in sorted(self.root.glob(f"*/{MARK}"))]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:  # noqa: ARG002
        return self._known(self._folder(name, self.config()), name)

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: str | None = None) -> Any:  # noqa: ARG002
        raise NotSupported(
            f"Headrace writes files for {self.target!r} and doesn't speak to it; its own tool asks a deployment."
        )

    def put(self, made: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What follows an update; nothing, where files are all."""
        return made

    def _made(
        self, name: str, model_uri: str, chosen: FolderConfig, config: dict[str, Any], folder: Path
    ) -> dict[str, Any]:
        model = fetch(model_uri)
        part = folder.with_name(f".{folder.name}.{clock.hex_id()[:8]}")
        part.mkdir(parents=True)
        try:
            readme = self.write(name, model, chosen, part)
            record = {
                "name": name,
                "target": self.target,
                "status": "written",
                "model_uri": lasting(model_uri),
                "model_version": model.version,
                "config": config,
                "written_ms": clock.now_ms(),
            }
            write_json(part / MARK, record)
            (part / "README.md").write_text(readme, encoding="utf-8")
            if folder.exists():
                shutil.rmtree(folder)
            part.rename(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return {**record, "folder": str(folder)}

    def _chosen(self, flavor: str | None, config: Mapping[str, Any] | None) -> FolderConfig:
        check_flavor(flavor)
        return decoded(self.config, config, self.target)

    def _folder(self, name: str, chosen: FolderConfig) -> Path:
        if not name or name in (".", "..") or "/" in name:
            raise InvalidValue("name", name, "a name without slashes.")
        return Path(chosen.directory) if chosen.directory else self.root / name

    def _known(self, folder: Path, name: str) -> dict[str, Any]:
        try:
            return {**json.loads((folder / MARK).read_text(encoding="utf-8")), "folder": str(folder)}
        except FileNotFoundError:
            raise NotFound("deployment", name, by="name", hint=f"There is no {folder / MARK}.") from None


def copy_model(model: Fetched, folder: Path) -> None:
    """With its manifest, as it is."""
    folder.mkdir(parents=True)
    for name in manifest.files_of(model.path):
        manifest.copy_and_hash(model.path / name, folder / name)
    if (model.path / manifest.FILE_NAME).is_file():
        shutil.copyfile(model.path / manifest.FILE_NAME, folder / manifest.FILE_NAME)


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
