from __future__ import annotations

from headrace.wire.messages.fields import Answer, Double, Request
from headrace.wire.messages.model_versions import ModelVersionMessage


class DatasetUseMessage(Answer, kw_only=True):
    name: str
    digest: str
    context: str | None = None


class CommitMessage(Answer, kw_only=True):
    """dirty: files differed from the commit when the run started."""

    commit: str
    branch: str | None = None
    repo_url: str | None = None
    dirty: bool = False


class EnvironmentFileMessage(Answer, kw_only=True):
    """The file of the version that says what to install."""

    path: str
    size_bytes: int
    sha256: str


class LineageAnswer(Answer, kw_only=True):
    """What is gone, or never was there, is left out. copied_from: the version that this one is a copy of, as
    "NAME/VERSION"."""

    model_version: ModelVersionMessage
    location: str
    run_id: str | None = None
    run_name: str | None = None
    run_status: str | None = None
    experiment_id: str | None = None
    model_id: str | None = None
    params: dict[str, str] = {}
    metrics: dict[str, Double] = {}
    datasets: list[DatasetUseMessage] = []
    git: CommitMessage | None = None
    environment: EnvironmentFileMessage | None = None
    copied_from: str | None = None


class VersionsFrom(Request, kw_only=True):
    """Exactly one of these. digest: of a manifest; git_commit: all of its digits."""

    run_id: str | None = None
    dataset_digest: str | None = None
    git_commit: str | None = None
    digest: str | None = None
