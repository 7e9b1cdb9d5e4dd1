from __future__ import annotations

import hashlib
from typing import Any

import pytest

from headrace.entities import Act, FileRecord, VersionManifest
from headrace.errors import Conflict, Corrupt
from headrace.registry import held_files
from headrace.registry.held_files import HeldFiles
from headrace.server.artifacts import Root
from tests.registry.workshop import FILES, Workshop

WEIGHTS = "data/weights.bin"


def record(content: bytes) -> FileRecord:
    return FileRecord(len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def held(workshop: Workshop) -> HeldFiles:
    return HeldFiles(workshop.registry, workshop.store)


def root_of(workshop: Workshop, version: str = "1", name: str = "m") -> Root:
    return workshop.files.open(workshop.registry.get_model_version_download_uri(name, version))


def test_a_file_of_a_version_is_promised_as_it_was_registered(workshop: Workshop, held: HeldFiles) -> None:
    workshop.version()
    promise = held.promise(root_of(workshop).places(WEIGHTS))
    assert promise is not None
    assert (promise.path, promise.records) == (WEIGHTS, frozenset([record(FILES[WEIGHTS])]))
    promise.check_size(len(FILES[WEIGHTS]))
    promise.check(record(FILES[WEIGHTS]))
    with pytest.raises(Corrupt, match=r"'data/weights\.bin' isn't what version 1 of model 'm'") as caught:
        promise.check(record(b"x" * len(FILES[WEIGHTS])))
    assert caught.value.http == 409  # what answers 500 is asked for again
    with pytest.raises(Corrupt, match="it has 3 bytes"):
        promise.check_size(3)


def test_it_is_the_same_file_from_whatever_folder_it_is_seen(workshop: Workshop, held: HeldFiles) -> None:
    workshop.version()
    location = workshop.registry.get_model_version_download_uri("m", "1")
    whole, path = workshop.files.open("mlflow-artifacts:/"), location.removeprefix("mlflow-artifacts:/")
    assert held.promise(whole.places(f"{path}/{WEIGHTS}")) == held.promise(root_of(workshop).places(WEIGHTS))


@pytest.mark.parametrize("path", ["data/other.bin", "registered_model_meta", "model_manifest.json", "data"])
def test_what_no_manifest_lists_is_not_promised(workshop: Workshop, held: HeldFiles, path: str) -> None:
    workshop.version()
    assert held.promise(root_of(workshop).places(path)) is None
    assert held.promise_of("m", "1", path) is None


def test_files_of_runs_and_of_deleted_versions_are_not_promised(workshop: Workshop, held: HeldFiles) -> None:
    workshop.version()
    root = root_of(workshop)
    logged = workshop.logged()
    assert held.promise(workshop.files.open(logged.artifact_location).places(WEIGHTS)) is None
    workshop.registry.delete_model_version("m", "1")
    assert held.promise(root.places(WEIGHTS)) is None


def test_each_version_of_a_place_counts(workshop: Workshop, held: HeldFiles) -> None:
    workshop.model()
    model = workshop.logged()
    workshop.registry.create_model_version("m", model.model_uri)
    workshop.put(model.artifact_location, {WEIGHTS: b"trained anew"})
    workshop.registry.create_model_version("m", model.model_uri)
    promise = held.promise(root_of(workshop).places(WEIGHTS))
    assert promise is not None
    assert promise.records == {record(FILES[WEIGHTS]), record(b"trained anew")}
    first, second = (held.promise_of("m", version, WEIGHTS) for version in ("1", "2"))
    assert first is not None
    assert second is not None
    assert first.records == {record(FILES[WEIGHTS])}
    assert second.records == {record(b"trained anew")}


def test_a_manifest_is_read_once(workshop: Workshop, held: HeldFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.version()
    places = root_of(workshop).places(WEIGHTS)
    read: list[str] = []
    ask = workshop.registry.get_version_manifest

    def spied(name: str, version: str) -> VersionManifest | None:
        read.append(version)
        return ask(name, version)

    monkeypatch.setattr(workshop.registry, "get_version_manifest", spied)
    assert held.promise(places) == held.promise(places)
    assert read == ["1"]


def test_only_so_many_manifests_are_kept(workshop: Workshop, held: HeldFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_files, "KEPT_MANIFESTS", 2)
    for content in (b"1", b"2", b"3"):
        workshop.version(files={**FILES, WEIGHTS: content})
    for version in ("1", "2", "3", "1"):
        promise = held.promise_of("m", version, WEIGHTS)
        assert promise is not None
        assert promise.records == {record(version.encode())}
    assert len(held._manifests) == 2


def test_an_edit_of_metadata_amends_every_version_that_lies_there(workshop: Workshop, held: HeldFiles) -> None:
    workshop.model()
    model = workshop.logged()
    for _ in range(2):
        workshop.registry.create_model_version("m", model.model_uri)
    workshop.put(model.artifact_location, {"MLmodel": b"signature: {}\n"})
    held.edited(root_of(workshop).places("MLmodel"), record(b"signature: {}\n"), Act("ada", "MLmodel was uploaded"))
    held.edited(root_of(workshop).places("MLmodel"), record(b"signature: {}\n"), Act("ada", "again"))
    for version in ("1", "2"):
        promise = held.promise_of("m", version, "MLmodel")
        assert promise is not None
        assert promise.records == {record(b"signature: {}\n")}
    events = workshop.registry.search_history("m", kinds=["manifest_amended"])
    assert [(each.version, each.who, each.comment) for each in events] == [
        ("2", "ada", "MLmodel was uploaded"),
        ("1", "ada", "MLmodel was uploaded"),
    ]


@pytest.mark.parametrize("path", [WEIGHTS, "data/MLmodel", "code/requirements.txt"])
def test_other_edits_amend_nothing(workshop: Workshop, held: HeldFiles, path: str) -> None:
    made = workshop.version()
    held.edited(root_of(workshop).places(path), record(b"x"), Act("ada"))
    assert workshop.registry.get_model_version("m", "1").digest == made.digest


def test_two_edits_at_once_are_both_kept(workshop: Workshop, held: HeldFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop.version()
    root = root_of(workshop)
    files = {"MLmodel": b"edited\n", "requirements.txt": b"numpy==2\n"}
    workshop.put(workshop.registry.get_model_version_download_uri("m", "1"), files)
    amend, others = workshop.registry.amend_version_manifest, ["requirements.txt"]

    def overtaken(*arguments: Any, **options: Any) -> Any:
        if others:
            other = others.pop()
            held.edited(root.places(other), record(files[other]), Act("bob"))
        return amend(*arguments, **options)

    monkeypatch.setattr(workshop.registry, "amend_version_manifest", overtaken)
    held.edited(root.places("MLmodel"), record(files["MLmodel"]), Act("ada"))
    for path, content in files.items():
        promise = held.promise_of("m", "1", path)
        assert promise is not None
        assert promise.records == {record(content)}


def test_a_version_that_never_stands_still_is_a_conflict(
    workshop: Workshop, held: HeldFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.version()

    def overtaken(*_: Any, **__: Any) -> None:
        raise Conflict("somebody else was first")

    monkeypatch.setattr(workshop.registry, "amend_version_manifest", overtaken)
    with pytest.raises(Conflict):
        held.edited(root_of(workshop).places("MLmodel"), record(b"x"), Act("ada"))
