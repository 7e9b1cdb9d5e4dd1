"""Where the registry of a server finds the files of its versions: what callers may open, and nothing else."""

from __future__ import annotations

from headrace.registry import FilesAt
from headrace.server.artifacts import ServedArtifacts


class ServedVersionFiles:
    def __init__(self, artifacts: ServedArtifacts) -> None:
        self._artifacts = artifacts

    def open(self, location: str) -> FilesAt:
        return self._artifacts.open(location)
