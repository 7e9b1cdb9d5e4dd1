from __future__ import annotations

from typing import Literal

import msgspec

AuthMode = Literal["none", "basic", "token"]

MLFLOW_VERSION = "3.17.2"  # whose API this server speaks: clients gate features on /version

# A dataset's profile may have 16 M characters and its schema 1 M: one such dataset must fit, escaped, with room.
MAX_BODY_BYTES = 64 << 20


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a server may be told.

    allowed_hosts: patterns of the Host header beside loopback and private addresses ("*" = any), port optional.
    cors_allowed_origins: origins of pages that may call this server ("*" = any).
    static_prefix: prepended to every path, "" or "/like-this". x_frame_options: "NONE" leaves the header out.
    security: off for servers behind a proxy that does these checks itself.
    max_body_bytes: of JSON requests. max_upload_bytes: of a file through the artifact proxy; None = any size.
    token: one that is taken beside those of the store's users, as an editor's.
    body_timeout_s: longest silence while a request's body arrives.
    read_threads: searches and other slow calls that run at a time.
    """

    auth: AuthMode = "none"
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    cors_allowed_origins: tuple[str, ...] = ()
    x_frame_options: Literal["SAMEORIGIN", "DENY", "NONE"] = "SAMEORIGIN"
    security: bool = True
    static_prefix: str = ""
    max_body_bytes: int = MAX_BODY_BYTES
    max_upload_bytes: int | None = None
    body_timeout_s: float = 60.0
    read_threads: int = 8
    serves_artifacts: bool = True
    artifacts_only: bool = False
