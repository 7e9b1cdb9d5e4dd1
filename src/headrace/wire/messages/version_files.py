"""Manifests and signatures of model versions. The same records travel both ways: a client refuses one with a field that
it doesn't know, since it can't tell what it would be checking."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from headrace.entities.limits import INT64_MAX
from headrace.wire.messages.fields import Millis, Request, Text


class FileFields(Request, kw_only=True, gc=False):
    path: Text
    size_bytes: Annotated[int, Meta(ge=0, le=INT64_MAX)]
    sha256: Text


class ManifestFields(Request, kw_only=True):
    files: list[FileFields] = []


class SignatureFields(Request, kw_only=True):
    bundle: Text
    digest: Text
    method: Literal["key", "certificate"]
    signer: str = ""
    created_ms: Millis = 0
