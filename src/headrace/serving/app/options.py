from __future__ import annotations

from typing import Literal

import msgspec

MAX_BODY_BYTES = 64 << 20
TIMEOUT_S = 60.0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the app may be told.

    allowed_hosts: patterns of the Host header beside loopback and private addresses ("*" = any), port optional.
    cors_allowed_origins: origins of pages that may call this server ("*" = any). security: off for servers behind a
    proxy that checks Host and Origin itself.
    max_body_bytes: of a request. timeout_s: from a request's head to its answer, or to a stream's last part.
    body_timeout_s: longest silence while a request's body arrives.
    public_metrics: /metrics asks for no key. log_requests: a line for each on standard error.
    """

    allowed_hosts: tuple[str, ...] = ()
    cors_allowed_origins: tuple[str, ...] = ()
    x_frame_options: Literal["SAMEORIGIN", "DENY", "NONE"] = "DENY"
    security: bool = True
    static_prefix: str = ""
    max_body_bytes: int = MAX_BODY_BYTES
    timeout_s: float = TIMEOUT_S
    body_timeout_s: float = 30.0
    public_metrics: bool = False
    log_requests: bool = False
