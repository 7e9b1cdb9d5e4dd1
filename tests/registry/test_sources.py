from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.blobs.base import SupportsLocalPath
from headrace.blobs.open import open_blobs
from headrace.entities import ModelVersionTag
from headrace.errors import Forbidden, InvalidValue, NotFound
from headrace.registry import GuardedRegistry, OpenedFiles
from headrace.registry.guarded import VERSIONS_TAG
from tests.registry.workshop import FILES, Workshop

PROMPT = ModelVersionTag("mlflow.prompt.is_prompt", "true")
SECRET = "root:x:0:0"


class AnyFiles:
    """As without a server: whatever the user reaches."""

    def open(self, location: str) -> OpenedFiles:
        return OpenedFiles(blobs=open_blobs(location), manifest_root=location)


@pytest.fixture
def registry(workshop: Workshop) -> GuardedRegistry:
    workshop.model()
    return workshop.registry


def test_below_a_run(workshop: Workshop, registry: GuardedRegistry) -> None:
    run_id = workshop.run()
    root = workshop.store.get_run(run_id).info.artifact_uri
    workshop.put(root, below="model")

    made = registry.create_model_version("m", f"{root}/model", run_id)

    assert (made.version, made.run_id, made.source) == ("1", run_id, f"{root}/model")
    assert registry.get_model_version_download_uri("m", "1") == f"{root}/model"
    assert registry.get_version_manifest("m", "1").files.keys() == FILES.keys()  # type: ignore[union-attr]


def test_runs_address_leads_to_the_folder_or_else_to_the_logged_model(
    workshop: Workshop, registry: GuardedRegistry
) -> None:
    run_id = workshop.run()
    root = workshop.store.get_run(run_id).info.artifact_uri
    workshop.put(root, below="folder")
    model = workshop.logged(run_id, name="logged")

    registry.create_model_version("m", f"runs:/{run_id}/folder", run_id)
    second = registry.create_model_version("m", f"runs:/{run_id}/logged", run_id)
    registry.create_model_version("m", f"runs:/{run_id}/nothing", run_id)

    locations = [registry.get_model_version_download_uri("m", version) for version in "123"]
    assert locations == [f"{root}/folder", model.artifact_location, f"{root}/nothing"]
    assert second.model_id == model.model_id
    assert registry.get_model_version("m", "3").digest is None


def test_runs_address_of_another_run_is_refused(workshop: Workshop, registry: GuardedRegistry) -> None:
    mine, others = workshop.run(), workshop.run()
    with pytest.raises(InvalidValue, match="another run"):
        registry.create_model_version("m", f"runs:/{others}/model", mine)
    with pytest.raises(NotFound, match="run"):
        registry.create_model_version("m", f"runs:/{'0' * 32}/model")


def test_logged_model_brings_its_run_and_learns_of_its_versions(workshop: Workshop, registry: GuardedRegistry) -> None:
    run_id = workshop.run()
    model = workshop.logged(run_id)

    for _ in range(2):
        made = registry.create_model_version("m", f"models:/{model.model_id}")
        assert (made.run_id, made.model_id) == (run_id, model.model_id)

    tag = workshop.store.get_logged_model(model.model_id).tags[VERSIONS_TAG]
    assert json.loads(tag) == [{"name": "m", "version": "1"}, {"name": "m", "version": "2"}]
    with pytest.raises(InvalidValue, match="another logged model"):
        registry.create_model_version("m", f"models:/{model.model_id}", model_id="m-" + "0" * 32)


def test_version_of_a_model_is_copied_with_lineage_and_manifest(workshop: Workshop, registry: GuardedRegistry) -> None:
    source = workshop.version("original")
    registry.set_registered_model_alias("original", "best", "1")

    for address in ("models:/original/1", "models:/original@best", "models:/original/latest"):
        copy = registry.create_model_version("m", address)
        assert (copy.run_id, copy.model_id, copy.digest) == (source.run_id, source.model_id, source.digest)
        assert registry.get_model_version_download_uri("m", copy.version) == (
            registry.get_model_version_download_uri("original", "1")
        )
    with pytest.raises(NotFound):
        registry.create_model_version("m", "models:/original/7")


def test_proxy_address_counts_by_its_path(workshop: Workshop, registry: GuardedRegistry) -> None:
    run_id = workshop.run()
    root = workshop.store.get_run(run_id).info.artifact_uri
    path = root.removeprefix("mlflow-artifacts:/")
    for source in (
        f"mlflow-artifacts://elsewhere:5000/{path}/model",
        f"http://elsewhere/prefix/api/2.0/mlflow-artifacts/artifacts/{path}/model",
    ):
        made = registry.create_model_version("m", source, run_id)
        # Not where the address says: the server named there isn't asked for what belongs to a run of this one.
        assert registry.get_model_version_download_uri("m", made.version) == f"{root}/model"


@pytest.mark.parametrize("source", ["s3://bucket/model", "https://example.com/model.zip", "dbfs:/models/1"])
def test_other_schemes_are_taken_and_not_read(registry: GuardedRegistry, source: str) -> None:
    made = registry.create_model_version("m", source, run_id="0" * 32)  # a run that nobody knows here
    assert registry.get_model_version_download_uri("m", made.version) == source
    assert made.digest is None
    assert registry.get_version_manifest("m", made.version) is None


def test_prompts_have_words_for_sources(workshop: Workshop, registry: GuardedRegistry) -> None:
    for word in ("dummy-source", "prompt-template"):
        assert registry.create_model_version("m", word, tags=[PROMPT]).source == word
    with pytest.raises(InvalidValue, match="prompt"):
        registry.create_model_version("m", "/etc/passwd", tags=[PROMPT])
    with pytest.raises(InvalidValue, match="absolute"):
        registry.create_model_version("m", "dummy-source")


def test_pattern_of_the_environment(registry: GuardedRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "^s3://ours/")
    registry.create_model_version("m", "s3://ours/model")
    registry.create_model_version("m", "dummy-source", tags=[PROMPT])
    with pytest.raises(InvalidValue, match="s3://ours/"):
        registry.create_model_version("m", "s3://theirs/model")
    monkeypatch.setenv("HEADRACE_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "[")
    with pytest.raises(InvalidValue, match="regular expression"):
        registry.create_model_version("m", "s3://ours/model")


def test_registry_of_ones_own_machine_takes_any_folder(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "my #1 model"
    folder.mkdir()
    (folder / "MLmodel").write_bytes(FILES["MLmodel"])
    workshop.model()
    own = GuardedRegistry(workshop.store, workshop.store, AnyFiles(), own_files=True)

    made = own.create_model_version("m", str(folder))

    assert own.get_model_version_download_uri("m", made.version) == str(folder)
    assert own.get_version_manifest("m", made.version).files.keys() == {"MLmodel"}  # type: ignore[union-attr]
    with pytest.raises(InvalidValue, match=r"\.\."):
        own.create_model_version("m", f"{folder}/../other")
    assert own.create_model_version("m", "s3://bucket/model").digest is None  # not looked at: it may take long


# Advisories of MLflow's. CVE-2023-1177, -2023-6977, -2024-1558, -2026-2614: a version whose source is a path or address
# of the server's own files, read through the version's artifacts. CVE-2023-2780: backslashes. CVE-2024-1560: encoded
# twice. CVE-2024-1483 and -2024-3848: parts behind "#" and "?". CVE-2025-11201: traversal when a version is made.
LOCAL = [
    "/etc",
    "file:///etc",
    "file:/etc",
    "FILE:///etc",
    "file://localhost/etc",
    "file:///etc?x=1",
    "file:///etc#fragment",
    "file://./etc",
    "//etc",
    "etc",
    "./etc",
    "~/.ssh",
    "C:\\secrets",
    "\\\\host\\share",
]


@pytest.mark.parametrize("source", LOCAL)
@pytest.mark.parametrize("named", [False, True], ids=["alone", "with a run"])
def test_files_of_the_server_are_no_source(
    workshop: Workshop, registry: GuardedRegistry, source: str, named: bool
) -> None:
    with pytest.raises(InvalidValue):
        registry.create_model_version("m", source, workshop.run() if named else None)
    assert not registry.search_model_versions()


@pytest.mark.parametrize(
    "way_out",
    [
        "..",
        "../..",
        "a/../../../x",
        "%2e%2e/x",
        "%252e%252e/x",
        "%2e%2e%2fx",
        "..%5cx",
        "..\\x",
        "a%00b",
        "\x00",
        "\x1f",
        "#/../x",
        ".%2e/x",
    ],
)
def test_no_source_leads_out_of_its_root(workshop: Workshop, registry: GuardedRegistry, way_out: str) -> None:
    run_id = workshop.run()
    root = workshop.store.get_run(run_id).info.artifact_uri
    path = root.removeprefix("mlflow-artifacts:/")
    model = workshop.logged(run_id)
    for source in (
        f"{root}/{way_out}",
        f"mlflow-artifacts://host/{path}/{way_out}",
        f"http://host/api/2.0/mlflow-artifacts/artifacts/{path}/{way_out}",
        f"runs:/{run_id}/{way_out}",
        f"models:/{model.model_id}/{way_out}",
        f"file:///srv/{way_out}",
        f"s3://bucket/{way_out}",
    ):
        with pytest.raises(InvalidValue):
            registry.create_model_version("m", source, run_id)
    assert not registry.search_model_versions()


def test_what_belongs_to_others_is_no_source(workshop: Workshop, registry: GuardedRegistry) -> None:
    mine, others = workshop.run(), workshop.run()
    theirs = workshop.store.get_run(others).info.artifact_uri
    beside = workshop.store.get_run(mine).info.artifact_uri + "-not"
    for source in (f"{theirs}/model", beside, "mlflow-artifacts:/"):
        with pytest.raises(InvalidValue, match="doesn't lie below"):
            registry.create_model_version("m", source, mine)
        with pytest.raises(InvalidValue, match="run_id or model_id"):
            registry.create_model_version("m", source)


def test_link_among_the_artifacts_leads_nowhere(workshop: Workshop, registry: GuardedRegistry, tmp_path: Path) -> None:
    """A run whose artifacts are a plain folder, with a link in it that somebody with access to the disk made."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text(SECRET)
    experiment = workshop.store.create_experiment("local", str(tmp_path / "experiment"))
    run = workshop.store.create_run(experiment).info
    Path(run.artifact_uri).mkdir(parents=True)
    Path(run.artifact_uri, "model").symlink_to(tmp_path / "outside")

    with pytest.raises(InvalidValue, match="doesn't lie below"):
        registry.create_model_version("m", f"{run.artifact_uri}/model", run.run_id)


def test_run_that_claims_a_folder_of_the_server_opens_it_for_nobody(
    workshop: Workshop, registry: GuardedRegistry, tmp_path: Path
) -> None:
    (tmp_path / "etc").mkdir()
    experiment = workshop.store.create_experiment("claims", str(tmp_path / "etc"))
    run = workshop.store.create_run(experiment).info
    folder = Path(run.artifact_uri) / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(SECRET)

    made = registry.create_model_version("m", str(folder), run.run_id)

    assert made.digest is None  # it wasn't even looked at
    with pytest.raises(Forbidden):
        workshop.files.open(registry.get_model_version_download_uri("m", made.version))


def test_served_folder_is_a_folder_of_this_machine(workshop: Workshop) -> None:
    model = workshop.logged()
    assert isinstance(workshop.files.open(model.artifact_location).blobs, SupportsLocalPath)
