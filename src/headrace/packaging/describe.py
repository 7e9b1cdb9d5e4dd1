"""All that a model folder says and holds, without running any of it: safe for a folder from anywhere.

Reads MLmodel and the files beside it as text, pickles as lists of names, everything else as sizes and digests. What is
damaged or odd becomes a line of the description; only a folder without a readable MLmodel is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headrace.blobs.base import Progress
from headrace.blobs.paths import InvalidPath
from headrace.environments.requirement import Requirement, parse
from headrace.errors import Corrupt, HeadraceError, InvalidValue
from headrace.packaging import env_files, manifest, mismatches, trusted_digests
from headrace.packaging.inside import inside
from headrace.packaging.mlmodel import FILE_NAME, PYFUNC, Model
from headrace.packaging.pickles import Budget, Finding, scan_file
from headrace.packaging.risks import Risk, Verdict, risks_of, verdict_of

BIGGEST = 5
MAX_EXAMPLE_BYTES = 1 << 20
HASHED_BYTES = 256 << 20  # a larger folder is compared by sizes, unless asked for more; this much takes 0.2 s


class FileSize(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    size_bytes: int


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the requirements. fulfilled: by what is installed here; None if that can't be told. installed: the
    version here."""

    line: str
    fulfilled: bool | None
    installed: str | None = None


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """path: of the folder. flavors: name → keys of the MLmodel. signature: inputs, outputs and params as lists.

    manifest: "none", "matches", "edited" (metadata files only, as MLflow's functions do), "damaged" or "unreadable";
    manifest_note says which files. digest: of the whole folder; None where not every byte was read. trusted: whether
    the digest is in this user's list. findings: what files would import. written: when, as the MLmodel says.
    """

    path: str
    size_bytes: int
    files: int
    biggest: list[FileSize]
    flavors: dict[str, dict[str, Any]]
    signature: dict[str, Any] | None
    example: dict[str, Any] | None
    python: str | None
    requirements: list[Needed]
    verdict: Verdict
    risks: list[Risk]
    findings: list[Finding]
    faults: list[str]
    manifest: str
    manifest_note: str | None
    digest: str | None
    trusted: bool
    model_id: str | None
    model_uuid: str | None
    run_id: str | None
    artifact_path: str | None
    mlflow_version: str | None
    written: str | None
    metadata: dict[str, Any] | None
    resources: Any
    auth_policy: Any
    prompts: list[str] | None
    env_vars: list[str] | None
    other: dict[str, Any]


def describe(folder: str | Path, *, contents: bool | None = None, progress: Progress | None = None) -> Description:
    """contents: compare every byte with the manifest and take the digest; by default only up to 256 MB."""
    root = Path(folder)
    if root.name == FILE_NAME and root.is_file():
        root = root.parent
    model = Model.load(root)
    files, faults = _files(root)
    size = sum(each.size_bytes for each in files)
    whole = size <= HASHED_BYTES if contents is None else contents
    state, note, digest = _integrity(root, whole, progress)
    budget = Budget()
    findings = [finding for each in files for finding in scan_file(root / each.path, each.path, budget)]
    risks = risks_of(root, model, [each.path for each in files], findings)
    risks += [Risk(path=".", kind="path", what=fault, suspicious=True) for fault in faults]
    return Description(
        path=str(root),
        size_bytes=size,
        files=len(files),
        biggest=sorted(files, key=lambda each: -each.size_bytes)[:BIGGEST],
        flavors=_plain(model.flavors),
        signature=_signature(model),
        example=_example(root, model),
        python=_python(model),
        requirements=_requirements(root, faults),
        verdict=verdict_of(risks),
        risks=risks,
        findings=findings,
        faults=faults,
        manifest=state,
        manifest_note=note,
        digest=digest,
        trusted=digest is not None and trusted_digests.contains(digest),
        written=model.utc_time_created,
        resources=_plain(model.resources),
        auth_policy=_plain(model.auth_policy),
        other=_plain(model.unknown),
        metadata=_plain(model.metadata),
        **{
            key: getattr(model, key)
            for key in ("model_id", "model_uuid", "run_id", "artifact_path", "mlflow_version", "prompts", "env_vars")
        },
    )


def _files(root: Path) -> tuple[list[FileSize], list[str]]:
    found: list[FileSize] = []
    try:
        found.extend(
            FileSize(path=name, size_bytes=(root / name).stat().st_size) for name in manifest.files_of(root, every=True)
        )
    except InvalidPath as error:
        return found, [f"{error.message} What comes after it wasn't looked at."]
    return found, []


def _integrity(root: Path, whole: bool, progress: Progress | None) -> tuple[str, str | None, str | None]:
    """State and note of the manifest, digest of the folder."""
    try:
        stated = manifest.read(root)
    except Corrupt as error:
        return "unreadable", error.message, None
    try:
        digest = manifest.digest_of(root, progress) if whole else None
        edited = manifest.check(root, stated, contents=whole) if stated else []
    except (InvalidPath, Corrupt) as error:
        return "damaged", error.message, None
    if stated is None:
        return "none", None, digest
    if edited:
        return "edited", f"Since it was saved, these were changed or added: {', '.join(edited)}.", digest
    return "matches", None if whole else "Sizes were compared, contents weren't.", digest


def _signature(model: Model) -> dict[str, Any] | None:
    if model.signature is None:
        return None
    return {key: json.loads(text) if text else None for key, text in model.signature.to_dict().items()}


def _example(root: Path, model: Model) -> dict[str, Any] | None:
    info = model.saved_input_example_info
    if not isinstance(info, Mapping):
        return None
    content = None
    try:
        place = inside(root, str(info.get("artifact_path", "input_example.json")))
        if place.stat().st_size <= MAX_EXAMPLE_BYTES:
            content = json.loads(place.read_bytes())
    except (HeadraceError, OSError, ValueError, RecursionError):
        pass  # a path that leads out is a risk that is listed; a missing file shows as one without content
    return {"type": info.get("type"), "content": content}


def _python(model: Model) -> str | None:
    stated = (model.flavors.get(PYFUNC) or {}).get("python_version")
    return str(stated) if stated else None


def _requirements(root: Path, faults: list[str]) -> list[Needed]:
    try:
        lines = env_files.read(root).pip
        missing = {each.required: each for each in mismatches.mismatches(root)}
    except (HeadraceError, OSError, ValueError) as error:
        faults.append(f"The requirements can't be read: {error}")
        return []
    found = []
    for line in lines:
        try:
            required = parse(line)
        except InvalidValue:
            found.append(Needed(line=line, fulfilled=None))
            continue
        mismatch = missing.get(str(required))
        known = isinstance(required, Requirement)
        found.append(
            Needed(
                line=line,
                fulfilled=mismatch is None if known else None,
                installed=mismatch.installed if mismatch else None,
            )
        )
    return found


def _plain(value: Any) -> Any:
    """As JSON has it: YAML also knows dates and keys that are numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
