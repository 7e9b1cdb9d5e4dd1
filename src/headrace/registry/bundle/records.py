from __future__ import annotations

import msgspec

from headrace.blobs.paths import InvalidPath, relative
from headrace.entities import FileRecord, ModelPolicy, VersionManifest, VersionSignature
from headrace.errors import InvalidValue

FORMAT = 1
MODEL_FILE, HISTORY_FILE = "model.json", "history.jsonl"
MAX_MODEL_BYTES = 256 << 20  # a thousand versions of a thousand files each have about 150 MB
_MAX_VERSION = (1 << 31) - 1


class BundledVersion(msgspec.Struct, frozen=True, kw_only=True):
    """files: by path, what the bundle holds; None: the files stayed at `source`. manifest: what the registry has of
    them, without what it doesn't list."""

    version: str
    source: str
    creation_timestamp: int
    description: str | None = None
    user_id: str | None = None
    current_stage: str = "None"
    run_id: str | None = None
    run_link: str | None = None
    model_id: str | None = None
    tags: dict[str, str] = {}
    manifest: VersionManifest | None = None
    signatures: list[VersionSignature] = []
    files: dict[str, FileRecord] | None = None

    @property
    def number(self) -> int:
        return int(self.version)


class BundledModel(msgspec.Struct, frozen=True, kw_only=True):
    """versions: ascending. last_version: the highest number that was ever given, as far as it is known. exported_from:
    the registry's address, without credentials."""

    format: int
    name: str
    exported_ms: int
    exported_from: str
    description: str | None = None
    tags: dict[str, str] = {}
    aliases: dict[str, str] = {}
    policy: ModelPolicy | None = None
    last_version: int = 0
    versions: list[BundledVersion] = []
    has_history: bool = False


def decoded(text: bytes) -> BundledModel:
    """InvalidValue for what no export wrote."""
    try:
        model = msgspec.json.decode(text, type=BundledModel)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidValue(message=f"The bundle's {MODEL_FILE} can't be read: {error}") from None
    if model.format != FORMAT:
        raise InvalidValue(
            message=f"The bundle has format {model.format}, and this Headrace reads format {FORMAT}; use the Headrace "
            "that wrote it, or a newer one."
        )
    last = 0
    for version in model.versions:
        if not (version.version.isascii() and version.version.isdigit() and last < version.number <= _MAX_VERSION):
            raise _refused(f"version {version.version!r} isn't a number above that of the version before")
        last = version.number
        names = (version.files or {}).keys()
        for path, record in (version.files or {}).items():
            _check_file(path, record)
            if any(folder in names for folder in _folders(path)):
                raise _refused(f"{path!r} lies below what is a file")
    if not set(model.aliases.values()) <= {version.version for version in model.versions}:
        raise _refused("an alias points to a version that isn't in it")
    return model


def place_of(version: BundledVersion, path: str) -> str:
    return f"versions/{version.version}/files/{path}"


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _check_file(path: str, record: FileRecord) -> None:
    try:
        normal = relative(path)
    except InvalidPath as error:
        raise _refused(error.message) from None
    if normal != path or not path:
        raise _refused(f"{path!r} isn't a path in normal form")
    if record.size_bytes < 0 or len(record.sha256) != 64:
        raise _refused(f"size or digest of {path!r} is none")


def _refused(why: str) -> InvalidValue:
    return InvalidValue(message=f"The bundle's {MODEL_FILE} is refused: {why}.")
