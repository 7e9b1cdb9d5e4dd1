from __future__ import annotations

from headrace.wire.messages.fields import Answer


class ServerInfoAnswer(Answer, kw_only=True):
    """What the server can do; MLflow's clients choose their ways of upload and download by it."""

    store_type: str | None = None
    workspaces_enabled: bool | None = None
    trace_archival_enabled: bool | None = None
    multipart_uploads_enabled: bool | None = None
    multipart_downloads_enabled: bool | None = None
    presigned_upload_run_id_supported: bool | None = None
    presigned_upload_model_id_supported: bool | None = None
    features_enabled: dict[str, bool] | None = None


class WhoAmIAnswer(Answer, kw_only=True):
    """user: as the server authenticated the caller; absent where it asks nobody who they are."""

    user: str | None = None
