from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from headrace.wire.messages.fields import Answer, Int64, Request, RunAddress, Text


class ListArtifacts(RunAddress, kw_only=True):
    path: str | None = None
    page_token: str | None = None


class FileMessage(Answer, kw_only=True):
    path: str
    is_dir: bool | None = None
    file_size: int | None = None


class ListArtifactsAnswer(Answer, kw_only=True):
    root_uri: str | None = None
    files: list[FileMessage] = []
    next_page_token: str | None = None


class GetArtifact(RunAddress, kw_only=True):
    path: str = ""


class UploadArtifact(RunAddress, kw_only=True):
    """Checked by its route, in MLflow's order: run, path, safety of the path, size, content."""

    path: str = ""

    def __post_init__(self) -> None:
        """No run is no error yet: here MLflow's word for it is run_uuid."""


class ListModelArtifacts(Request, kw_only=True):
    model_id: Text
    artifact_directory_path: str | None = None


class GetModelArtifact(Request, kw_only=True):
    model_id: Text
    artifact_file_path: str = ""


class ProxyFile(Request, kw_only=True):
    """path: below the server's artifacts destination."""

    path: str = ""


class ProxyFolder(Request, kw_only=True):
    path: str | None = None


class ProxyListAnswer(Answer, kw_only=True):
    files: list[FileMessage] = []


class CreateMultipart(Request, kw_only=True):
    """folder: the part of the address behind mpu/create; path: the file's name in it."""

    folder: str = ""
    path: Text
    num_parts: Int64 | None = None


class MultipartCredential(Answer, kw_only=True):
    url: str
    part_number: int
    headers: dict[str, str] | None = None


class CreateMultipartAnswer(Answer, kw_only=True):
    upload_id: str | None = None
    credentials: list[MultipartCredential] = []


class MultipartPart(Request, kw_only=True):
    part_number: Int64
    etag: str = ""
    url: str | None = None


class CompleteMultipart(Request, kw_only=True):
    folder: str = ""
    path: Text
    upload_id: str | None = None
    parts: list[MultipartPart] = []


class AbortMultipart(Request, kw_only=True):
    folder: str = ""
    path: Text
    upload_id: str | None = None


class PresignDownload(RunAddress, kw_only=True):
    path: Text
    expiration: Annotated[int, Meta(ge=1, le=604_800)] | None = None


class PresignUpload(Request, kw_only=True):
    """Either run_id or model_id."""

    run_id: str | None = None
    model_id: str | None = None
    path: Text
    expiration: Annotated[int, Meta(ge=1, le=604_800)] | None = None


class PresignedAnswer(Answer, kw_only=True):
    url: str | None = None
    headers: dict[str, str] | None = None
    file_size: int | None = None
    presigned_url: str | None = None


class ListManifest(Request, kw_only=True):
    """Either run_id or model_id; path: a file or folder below its artifacts."""

    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None


class ManifestEntryMessage(Answer, kw_only=True):
    path: str
    size_bytes: int
    sha256: str
    recorded_ms: int


class ManifestAnswer(Answer, kw_only=True):
    root: str
    entries: list[ManifestEntryMessage] = []


class ArtifactPlace(Request, kw_only=True):
    """One of run_id, model_id, or name with version."""

    run_id: str | None = None
    model_id: str | None = None
    name: str | None = None
    version: str | None = None
    path: str = ""


class ZipArtifacts(ArtifactPlace, kw_only=True):
    """path: of a folder; empty = all."""


class SummariseOnnx(ArtifactPlace, kw_only=True):
    """path: of a file."""


class OnnxOpsetMessage(Answer, kw_only=True):
    """domain: empty for ONNX's own operators."""

    domain: str
    version: int


class OnnxValueMessage(Answer, kw_only=True):
    """shape: sizes and names of dimensions, "?" for one that is neither."""

    name: str
    type: str
    shape: list[str]


class OnnxOperatorMessage(Answer, kw_only=True):
    name: str
    count: int


class OnnxAnswer(Answer, kw_only=True):
    """initializer_bytes: of the tensors that are constants of the graph, wherever they lie."""

    ir_version: int
    producer: str
    opsets: list[OnnxOpsetMessage]
    inputs: list[OnnxValueMessage]
    outputs: list[OnnxValueMessage]
    operators: list[OnnxOperatorMessage]
    initializers: int
    initializer_bytes: int
