from __future__ import annotations

from headrace.wire.endpoint import BYTES, ZIP, Endpoint
from headrace.wire.messages import artifacts as m
from headrace.wire.messages.fields import Done

_BASE = "/api/2.0/mlflow/artifacts"
_PROXY = "/api/2.0/mlflow-artifacts"
_MODEL = "/api/2.0/mlflow/logged-models/{model_id}/artifacts"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST",)

LIST_ARTIFACTS = Endpoint(
    name="artifacts.list",
    methods=("GET",),
    path=f"{_BASE}/list",
    request=m.ListArtifacts,
    answer=m.ListArtifactsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Files and folders of a run, one level.",
)
LIST_MANIFEST = Endpoint(
    name="artifacts.manifest",
    methods=("GET",),
    path="/api/1.0/headrace/artifacts/manifest",
    request=m.ListManifest,
    answer=m.ManifestAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Sizes and digests of the artifacts of a run or logged model, as the server saw them pass.",
)
GET_ARTIFACT = Endpoint(
    name="artifacts.get",
    methods=("GET",),
    path="/get-artifact",
    request=m.GetArtifact,
    answer=Done,
    permission="read",
    errors=_UNKNOWN,
    media=(BYTES,),
    doc="A file of a run.",
)
ZIP_ARTIFACTS = Endpoint(
    name="artifacts.zip",
    methods=("GET",),
    path="/api/1.0/headrace/artifacts/zip",
    request=m.ZipArtifacts,
    answer=Done,
    permission="read",
    errors=_UNKNOWN,
    media=(ZIP,),
    doc="A folder of a run, logged model or model version as one zip file.",
)
SUMMARISE_ONNX = Endpoint(
    name="artifacts.onnx",
    methods=("GET",),
    path="/api/1.0/headrace/artifacts/onnx",
    request=m.SummariseOnnx,
    answer=m.OnnxAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="What an ONNX file holds: inputs, outputs, operators and the size of its constants, whatever their size.",
)
UPLOAD_ARTIFACT = Endpoint(
    name="artifacts.upload",
    methods=("POST",),
    path="/ajax-api/2.0/mlflow/upload-artifact",
    request=m.UploadArtifact,
    answer=Done,
    permission="write",
    errors=_UNKNOWN,
    upload=True,
    doc="Stores a file of at most 10 MiB in a run.",
)
PRESIGN_UPLOAD = Endpoint(
    name="artifacts.presign-upload",
    methods=("POST",),
    path=f"{_BASE}/presigned-upload-url",
    request=m.PresignUpload,
    answer=m.PresignedAnswer,
    permission="write",
    errors=("RESOURCE_DOES_NOT_EXIST", "NOT_IMPLEMENTED"),
    doc="An address that takes one upload straight into the object store.",
)
PRESIGN_DOWNLOAD = Endpoint(
    name="artifacts.presign-download",
    methods=("POST",),
    path=f"{_BASE}/presigned-download-url",
    request=m.PresignDownload,
    answer=m.PresignedAnswer,
    permission="read",
    errors=("RESOURCE_DOES_NOT_EXIST", "NOT_IMPLEMENTED"),
    doc="An address that serves one file straight from the object store.",
)
LIST_MODEL_ARTIFACTS = Endpoint(
    name="artifacts.list-model",
    methods=("GET",),
    path=f"{_MODEL}/directories",
    request=m.ListModelArtifacts,
    answer=m.ListArtifactsAnswer,
    permission="read",
    errors=_UNKNOWN,
    doc="Files and folders of a logged model, one level.",
)
GET_MODEL_ARTIFACT = Endpoint(
    name="artifacts.get-model",
    methods=("GET",),
    path=f"/ajax-{_MODEL[1:]}/files",
    request=m.GetModelArtifact,
    answer=Done,
    permission="read",
    errors=_UNKNOWN,
    media=(BYTES,),
    doc="A file of a logged model.",
)
PROXY_UPLOAD = Endpoint(
    name="proxy.upload",
    methods=("PUT",),
    path=f"{_PROXY}/artifacts/{{path:path}}",
    request=m.ProxyFile,
    answer=Done,
    permission="write",
    upload=True,
    doc="Stores a file below the artifacts destination.",
)
PROXY_DOWNLOAD = Endpoint(
    name="proxy.download",
    methods=("GET",),
    path=f"{_PROXY}/artifacts/{{path:path}}",
    request=m.ProxyFile,
    answer=Done,
    permission="read",
    errors=_UNKNOWN,
    media=(BYTES,),
    doc="A file below the artifacts destination; ranges are answered.",
)
PROXY_DELETE = Endpoint(
    name="proxy.delete",
    methods=("DELETE",),
    path=f"{_PROXY}/artifacts/{{path:path}}",
    request=m.ProxyFile,
    answer=Done,
    permission="write",
    doc="Removes a file or folder; a missing one is no error.",
)
PROXY_LIST = Endpoint(
    name="proxy.list",
    methods=("GET",),
    path=f"{_PROXY}/artifacts",
    request=m.ProxyFolder,
    answer=m.ProxyListAnswer,
    permission="read",
    doc="Files and folders of a folder, one level, named without their folder.",
)
PROXY_MULTIPART_CREATE = Endpoint(
    name="proxy.multipart-create",
    methods=("POST",),
    path=f"{_PROXY}/mpu/create/{{folder:path}}",
    request=m.CreateMultipart,
    answer=m.CreateMultipartAnswer,
    permission="write",
    errors=("NOT_IMPLEMENTED",),
    doc="Starts an upload in parts.",
)
PROXY_MULTIPART_COMPLETE = Endpoint(
    name="proxy.multipart-complete",
    methods=("POST",),
    path=f"{_PROXY}/mpu/complete/{{folder:path}}",
    request=m.CompleteMultipart,
    answer=Done,
    permission="write",
    errors=("NOT_IMPLEMENTED",),
    doc="Puts the parts of an upload together.",
)
PROXY_MULTIPART_ABORT = Endpoint(
    name="proxy.multipart-abort",
    methods=("POST",),
    path=f"{_PROXY}/mpu/abort/{{folder:path}}",
    request=m.AbortMultipart,
    answer=Done,
    permission="write",
    errors=("NOT_IMPLEMENTED",),
    doc="Gives an upload in parts up.",
)
PROXY_PRESIGN = Endpoint(
    name="proxy.presign",
    methods=("GET",),
    path=f"{_PROXY}/presigned/{{path:path}}",
    request=m.ProxyFile,
    answer=m.PresignedAnswer,
    permission="read",
    errors=("RESOURCE_DOES_NOT_EXIST", "NOT_IMPLEMENTED"),
    doc="An address that serves one file straight from the object store.",
)

ENDPOINTS = (
    LIST_ARTIFACTS,
    LIST_MANIFEST,
    GET_ARTIFACT,
    ZIP_ARTIFACTS,
    SUMMARISE_ONNX,
    UPLOAD_ARTIFACT,
    PRESIGN_UPLOAD,
    PRESIGN_DOWNLOAD,
    LIST_MODEL_ARTIFACTS,
    GET_MODEL_ARTIFACT,
    PROXY_UPLOAD,
    PROXY_DOWNLOAD,
    PROXY_DELETE,
    PROXY_LIST,
    PROXY_MULTIPART_CREATE,
    PROXY_MULTIPART_COMPLETE,
    PROXY_MULTIPART_ABORT,
    PROXY_PRESIGN,
)
