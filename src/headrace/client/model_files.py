"""Looking at, and amending, models that are saved or logged: `models.get_model_info`, `set_signature` and others.

An amendment rewrites the metadata files of the model where it lies, and its manifest, and goes into the history of the
registered versions whose files these are. A folder that this user trusted stays trusted.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from headrace.blobs.base import BlobStore, Stored
from headrace.blobs.paths import join, scheme
from headrace.client import version_edits
from headrace.client.artifact_uris import Place, has
from headrace.client.artifacts import place_of_written
from headrace.client.open import tracking_store
from headrace.client.uri import get_tracking_uri
from headrace.client.version_checks import check_content
from headrace.entities import FileRecord, LoggedModel
from headrace.errors import InvalidValue, NotFound
from headrace.packaging import manifest, trusted_digests
from headrace.packaging.amendment import amend
from headrace.packaging.env_files import LOCK
from headrace.packaging.info import ModelInfo, info_of
from headrace.packaging.mlmodel import FILE_NAME, Model
from headrace.packaging.signature import ModelSignature

ENVIRONMENT_FILES = ("requirements.txt", "conda.yaml", "python_env.yaml", "constraints.txt")


def get_model_info(model_uri: str) -> ModelInfo:
    """Reads the MLmodel only; nothing of the model is loaded or downloaded."""
    uri = str(model_uri)
    model = _Files.at(uri).model()
    logged = _logged(model, uri)
    return info_of(model, uri if logged is None else logged.model_uri, logged)


def read_mlmodel(model_uri: str) -> bytes:
    """The content of the file, of a model anywhere."""
    return _Files.at(model_uri).mlmodel()


def set_signature(model_uri: str, signature: ModelSignature, *, comment: str | None = None) -> None:
    """Of a saved, logged or registered model. Registered versions with the same files have it from then on, too; a
    version that is named itself may share its files with no other one. comment: why; kept in the versions' history."""
    if not isinstance(signature, ModelSignature):
        raise InvalidValue("signature", signature, "a ModelSignature, from infer_signature.")
    files = _Files.at(str(model_uri))
    model = files.model()
    model.signature = signature
    model.is_signature_from_type_hint = False
    files.replace({FILE_NAME: model.to_yaml().encode()}, comment=comment or "set_signature")


def update_model_requirements(
    model_uri: str, operation: str, requirement_list: Iterable[str], *, comment: str | None = None
) -> None:
    """operation: "add" or "remove"; of a package that is there already, the added line replaces the old one. Registered
    models and comment: as set_signature."""
    files = _Files.at(str(model_uri))
    with tempfile.TemporaryDirectory(prefix="headrace-") as scratch:
        folder = Path(scratch)
        for name in ENVIRONMENT_FILES:
            if files.has(name):
                (folder / name).write_bytes(files.read(name))
        amend(folder, operation, list(requirement_list))
        changed = {name: (folder / name).read_bytes() for name in ENVIRONMENT_FILES if (folder / name).is_file()}
        # A lock says exactly what was to be installed before.
        files.replace(changed, without=(LOCK,), comment=comment or f"update_model_requirements: {operation}")


def load_serving_example(model_uri_or_path: str) -> str:
    """The JSON that a scoring server takes for the model's input example."""
    files = _Files.at(str(model_uri_or_path))
    name = (files.model().saved_input_example_info or {}).get("serving_input_path")
    if name is None:
        raise NotFound("serving input example", files.uri, by="model", hint="Save the model with an input_example.")
    return files.read(str(name)).decode()


def record_added(blobs: BlobStore, added: Iterable[Stored], model_id: str, tracking_uri: str) -> None:
    """Files that were put into a logged model's folder, whose root this is, belong to the model from now on. Registered
    versions have those that they had before, but another MLmodel or requirements.txt is an edit of theirs."""
    files = _Files(uri=blobs.uri, place=Place(blobs=blobs, path="", name=""))
    known = files.stated()
    digests = {each.path: FileRecord(each.size_bytes, each.sha256) for each in added if each.path != manifest.FILE_NAME}
    edits = {path: record for path, record in digests.items() if path in manifest.METADATA_FILES}
    if edits:
        versions = version_edits.versions_at(files.place, model_id, tracking_uri=tracking_uri)
        version_edits.amend(versions, edits, comment="log_model_artifact")
    if known is not None and known.files | digests != known.files:
        files.amend(known, digests)


@dataclass(frozen=True, kw_only=True)
class _Files:
    """The files of one model, wherever they lie."""

    uri: str
    place: Place

    @classmethod
    def at(cls, uri: str) -> _Files:
        return cls(uri=uri, place=place_of_written(uri, get_tracking_uri()))

    def model(self) -> Model:
        return Model.from_yaml(self.mlmodel(), f"{self.uri}/{FILE_NAME}")

    def mlmodel(self) -> bytes:
        name = FILE_NAME
        if self.place.path.endswith(f"/{FILE_NAME}") or self.place.path == FILE_NAME:
            name = ""
        if not has(self.place.blobs, join(self.place.path, name)):
            raise NotFound("MLmodel file", self.uri, by="address", hint="A model's folder holds a file of that name.")
        return self.read(name)

    def has(self, name: str) -> bool:
        return has(self.place.blobs, join(self.place.path, name))

    def read(self, name: str) -> bytes:
        place = replace(self.place, path=join(self.place.path, name))
        content = place.blobs.get_bytes(place.path)
        if place.registered is not None:
            check_content(place, content)
        return content

    def replace(self, contents: dict[str, bytes], without: tuple[str, ...] = (), comment: str | None = None) -> None:
        """without: files that go."""
        known = self.stated()
        records = {name: FileRecord(len(text), hashlib.sha256(text).hexdigest()) for name, text in contents.items()}
        model = self.model()
        whole = self.is_whole_model()
        versions = version_edits.versions_at(self.place, model.model_id, model.run_id) if whole else []
        before = {name: self.read(name) for name in (*contents, *without) if versions and self.has(name)}
        self.write(contents, without)
        try:
            version_edits.amend(versions, records, without, comment)
        except BaseException:
            self.write(before, tuple(name for name in contents if name not in before))
            version_edits.take_back(versions)
            raise
        if known is not None:
            self.amend(known, records, without)

    def is_whole_model(self) -> bool:
        """Where the address names one by its MLmodel, that file is all there is to see."""
        return self.place.path.rpartition("/")[2] != FILE_NAME

    def write(self, contents: dict[str, bytes], without: Iterable[str]) -> None:
        for name in without:
            self.place.blobs.delete(join(self.place.path, name))
        for name, content in contents.items():
            self.place.blobs.put_bytes(join(self.place.path, name), content)

    def amend(self, known: manifest.Manifest, digests: dict[str, FileRecord], without: tuple[str, ...] = ()) -> None:
        kept = {name: digest for name, digest in known.files.items() if name not in without}
        amended = msgspec.structs.replace(known, files={**kept, **digests})
        self.place.blobs.put_bytes(join(self.place.path, manifest.FILE_NAME), manifest.to_bytes(amended))
        if trusted_digests.contains(known.digest):
            trusted_digests.remember(amended.digest)

    def stated(self) -> manifest.Manifest | None:
        if not self.has(manifest.FILE_NAME):
            return None
        with tempfile.TemporaryDirectory(prefix="headrace-") as scratch:
            (Path(scratch) / manifest.FILE_NAME).write_bytes(self.read(manifest.FILE_NAME))
            return manifest.read(scratch)


def _logged(model: Model, uri: str) -> LoggedModel | None:
    if model.model_id is None or scheme(uri) not in ("models", "runs"):
        return None
    try:
        return tracking_store(get_tracking_uri()).get_logged_model(model.model_id)
    except NotFound:
        return None
