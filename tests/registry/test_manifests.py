from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from headrace.blobs import local
from headrace.entities import FileRecord, VersionManifest
from headrace.errors import Conflict, Corrupt, InvalidState, InvalidValue, StoreUnavailable
from headrace.packaging import digests
from headrace.packaging import manifest as folders
from headrace.registry import GuardedRegistry, OpenedFiles, manifests
from headrace.registry.sources import Origin
from tests.registry.workshop import FILES, Workshop


def record(content: bytes) -> FileRecord:
    return FileRecord(len(content), hashlib.sha256(content).hexdigest())


def manifest_of(workshop: Workshop, version: str = "1") -> VersionManifest:
    found = workshop.registry.get_version_manifest("m", version)
    assert found is not None
    return found


def test_manifest_lists_every_file_with_its_digest(workshop: Workshop) -> None:
    made = workshop.version()
    found = manifest_of(workshop)
    assert found.files == {name: record(content) for name, content in FILES.items()}
    assert made.digest == found.digest


def test_digest_is_that_of_the_folders_own_manifest(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = {**FILES, folders.FILE_NAME: folders.to_bytes(folders.take(folder)), "registered_model_meta": b"a: b\n"}
    assert workshop.version(files=files).digest == folders.take(folder).digest


def test_what_was_streamed_is_not_read_again(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.model()
    model = workshop.logged()
    read: list[Path] = []

    def spied(path: Path, *_: object) -> FileRecord:
        read.append(path)
        return digests.hash_file(path)

    monkeypatch.setattr(manifests, "hash_files", lambda paths: [spied(path) for path in paths])
    (workshop.place(model.artifact_location) / "added.bin").write_bytes(b"x")

    workshop.registry.create_model_version("m", model.model_uri)

    assert [path.name for path in read] == ["added.bin"]
    assert manifest_of(workshop).files["added.bin"] == record(b"x")


def test_byte_that_flipped_after_the_upload_is_not_taken_for_the_truth(workshop: Workshop) -> None:
    workshop.model()
    model = workshop.logged()
    weights = workshop.place(model.artifact_location) / "data" / "weights.bin"
    weights.write_bytes(b"X" + weights.read_bytes()[1:])

    workshop.registry.create_model_version("m", model.model_uri)

    assert manifest_of(workshop).files["data/weights.bin"] == record(FILES["data/weights.bin"])
    with pytest.raises(Corrupt, match=r"data/weights\.bin has changed"):
        manifests.verify_folder(workshop.place(model.artifact_location), manifest_of(workshop))


def test_store_of_artifacts_that_does_not_answer_makes_no_version(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version without a manifest would be there for good, though it could have had one."""
    workshop.model()
    model = workshop.logged()

    def gone(self: object, path: str = "") -> list[object]:
        raise StoreUnavailable("The disk is gone.")

    with monkeypatch.context() as patch:
        patch.setattr(local.LocalBlobs, "entries", gone)
        with pytest.raises(StoreUnavailable):
            workshop.registry.create_model_version("m", model.model_uri)
    assert not workshop.registry.search_model_versions()


def test_tag_of_the_logged_model_cannot_unmake_a_version(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    workshop.model()
    model = workshop.logged()

    def down(*_: object) -> None:
        raise StoreUnavailable("The tracking store is down.")

    monkeypatch.setattr(workshop.store, "set_logged_model_tags", down)
    assert workshop.registry.create_model_version("m", model.model_uri).version == "1"
    assert "The tracking store is down." in caplog.text


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "model"
        for name, content in {**FILES, "code/mine.py": b"x = 1\n"}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder

    @pytest.fixture
    def manifest(self, folder: Path) -> VersionManifest:
        return VersionManifest(files=folders.take(folder).files)

    def test_as_it_was(self, folder: Path, manifest: VersionManifest) -> None:
        manifests.verify_folder(folder, manifest)

    def test_what_downloads_add_counts_for_nothing(self, folder: Path, manifest: VersionManifest) -> None:
        (folder / folders.FILE_NAME).write_bytes(b"{}")
        (folder / "registered_model_meta").write_text("model_name: größer\nmodel_version: 1\n")
        manifests.verify_folder(folder, manifest)

    @pytest.mark.parametrize("name", [*FILES, "code/mine.py"])
    def test_changed_missing_truncated_and_grown_files_are_named(
        self, folder: Path, manifest: VersionManifest, name: str
    ) -> None:
        path, content = folder / name, (folder / name).read_bytes()
        for damaged, said in (
            (content[:-1] + bytes([content[-1] ^ 1]), "has changed: its SHA-256 is"),
            (content[:-1], f"is truncated: {len(content) - 1} bytes instead of {len(content)}"),
            (content + b"\0", "has grown"),
        ):
            path.write_bytes(damaged)
            with pytest.raises(Corrupt, match=f"{name} {said}"):
                manifests.verify_folder(folder, manifest, of="Version 3 of model 'm'")
        path.unlink()
        with pytest.raises(Corrupt, match=rf"^Version 3 of model 'm' in .* {name} is missing\. "):
            manifests.verify_folder(folder, manifest, of="Version 3 of model 'm'")

    @pytest.mark.parametrize(
        "name", ["json.py", "code/json.py", "data/model_manifest.json", "code/registered_model_meta"]
    )
    def test_added_files_are_named(self, folder: Path, manifest: VersionManifest, name: str) -> None:
        (folder / name).write_bytes(b"")
        with pytest.raises(Corrupt, match=f"{name} was added"):
            manifests.verify_folder(folder, manifest)

    def test_bytecode_is_removed_before_python_runs_it(self, folder: Path, manifest: VersionManifest) -> None:
        cache = folder / "code" / "__pycache__"
        cache.mkdir()
        (cache / "mine.cpython-311.pyc").write_bytes(b"anything")
        manifests.verify_folder(folder, manifest)
        assert not cache.exists()

    def test_link_out_of_the_folder_is_refused(self, folder: Path, manifest: VersionManifest, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").write_bytes((folder / "MLmodel").read_bytes())
        (folder / "MLmodel").unlink()
        (folder / "MLmodel").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Corrupt, match="leads out of"):
            manifests.verify_folder(folder, manifest)

    def test_many_faults_are_counted(self, folder: Path, manifest: VersionManifest) -> None:
        for number in range(9):
            (folder / f"{number}.txt").touch()
        with pytest.raises(Corrupt, match=r"4\.txt was added and 4 more"):
            manifests.verify_folder(folder, manifest)


class TestAmendment:
    def test_new_manifest_of_an_edited_mlmodel(self, workshop: Workshop) -> None:
        made, before = workshop.version(), manifest_of(workshop)
        content = b"flavors: {}\nsignature: {}\n"
        location = workshop.registry.get_model_version_download_uri("m", "1")
        (workshop.place(location) / "MLmodel").write_bytes(content)
        wanted = manifests.amended(before, {"MLmodel": record(content)}, removed=["requirements.txt"])
        (workshop.place(location) / "requirements.txt").unlink()

        amended = workshop.registry.amend_version_manifest("m", "1", wanted)

        assert amended.digest == wanted.digest != made.digest
        manifests.verify_folder(workshop.place(location), manifest_of(workshop))
        events = [event.kind for event in workshop.registry.search_history("m")]
        assert events[0] == "manifest_amended"

    def test_weights_are_not_amended(self, workshop: Workshop) -> None:
        workshop.version()
        wanted = manifests.amended(manifest_of(workshop), {"data/weights.bin": record(b"others")})
        with pytest.raises(InvalidValue, match="only these files may change: MLmodel"):
            workshop.registry.amend_version_manifest("m", "1", wanted)

    def test_word_of_the_caller_is_not_taken(self, workshop: Workshop) -> None:
        workshop.version()
        for records, removed in (({"MLmodel": record(b"what isn't there")}, ()), ({}, ["MLmodel"])):
            wanted = manifests.amended(manifest_of(workshop), records, removed)
            with pytest.raises(InvalidValue, match="holds something else"):
                workshop.registry.amend_version_manifest("m", "1", wanted)

    def test_two_at_once(self, workshop: Workshop) -> None:
        workshop.version()
        before = manifest_of(workshop)
        location = workshop.registry.get_model_version_download_uri("m", "1")
        (workshop.place(location) / "conda.yaml").write_bytes(b"{}")
        wanted = manifests.amended(before, {"conda.yaml": record(b"{}")})
        with pytest.raises(Conflict):
            workshop.registry.amend_version_manifest("m", "1", wanted, if_digest="0" * 64)
        workshop.registry.amend_version_manifest("m", "1", wanted, if_digest=before.digest)

    def test_version_whose_files_lie_elsewhere(self, workshop: Workshop) -> None:
        workshop.model()
        workshop.registry.create_model_version("m", "s3://bucket/model")
        with pytest.raises(InvalidState, match="has no manifest"):
            workshop.registry.amend_version_manifest("m", "1", VersionManifest(files={}))


def test_faults_where_the_files_lie(workshop: Workshop) -> None:
    workshop.version()
    manifest, location = manifest_of(workshop), workshop.registry.get_model_version_download_uri("m", "1")
    weights = workshop.place(location) / "data" / "weights.bin"

    assert manifests.faults_at(workshop.files, location, manifest, contents=True) == []
    weights.write_bytes(b"X" + weights.read_bytes()[1:])
    assert manifests.faults_at(workshop.files, location, manifest) == []
    (fault,) = manifests.faults_at(workshop.files, location, manifest, contents=True) or []
    assert fault.startswith("data/weights.bin has changed")
    weights.unlink()
    assert manifests.faults_at(workshop.files, location, manifest) == ["data/weights.bin is missing"]
    for name in ("MLmodel", "requirements.txt"):
        (workshop.place(location) / name).unlink()
    assert manifests.faults_at(workshop.files, location, manifest) == ["all 3 files are gone"]
    assert manifests.faults_at(workshop.files, "s3://bucket/model", manifest) is None


def test_expected_manifest_of_other_files_is_refused(workshop: Workshop) -> None:
    workshop.model()
    model = workshop.logged()
    taken = VersionManifest(files={name: record(content) for name, content in FILES.items()})
    other = manifests.amended(taken, {"data/weights.bin": record(bytes(10_240)), "more": record(b"")}, ["MLmodel"])
    with pytest.raises(InvalidValue, match=r"more is missing; MLmodel was added; data/weights\.bin has changed"):
        workshop.registry.create_model_version("m", model.model_uri, manifest=other)
    assert workshop.registry.create_model_version("m", model.model_uri, manifest=taken).version == "1"


def test_remote_files_are_read_in_chunks(workshop: Workshop, tmp_path: Path) -> None:
    """Stores that aren't on this machine: the same digests, without the whole file in memory."""

    class Remote(local.LocalBlobs):
        local_path = None  # type: ignore[assignment]
        most = 0

        def get_bytes(self, path: str) -> bytes:
            raise AssertionError("read as a whole")

    content = os.urandom(5 << 20)
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "a.bin").write_bytes(content)
    (tmp_path / "far" / "deep" / "b.bin").write_bytes(content[:100])

    class Far:
        def open(self, location: str) -> OpenedFiles:
            return OpenedFiles(blobs=Remote(location), manifest_root=location)

    found = manifests.take(Far(), Origin(location=str(tmp_path / "far")), None)
    assert found == VersionManifest(files={"a.bin": record(content), "deep/b.bin": record(content[:100])})


def test_registry_is_what_its_store_is(workshop: Workshop) -> None:
    assert isinstance(workshop.registry, GuardedRegistry)
    with pytest.raises(InvalidValue, match="storage_location"):
        workshop.registry.create_model_version("m", "s3://a/b", storage_location="/etc")
