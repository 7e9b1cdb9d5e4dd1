from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.client import model_import
from headrace.client.model_export import export_model
from headrace.client.model_import import COPIED_FROM, COPIED_FROM_RUN, IMPORTING, import_model
from headrace.client.open import registry_store
from headrace.entities import Gate, ModelPolicy, TagCheck
from headrace.errors import AlreadyExists, Corrupt, Forbidden, InvalidState, InvalidValue, StoreUnavailable
from tests.client.conftest import PASSWORD, server_at

NAME = "wine"
POLICY = ModelPolicy(gates=(Gate(alias="champion", checks=(TagCheck(key="approved", value="yes"),)),))
Place = Callable[[pytest.FixtureRequest, Path], AbstractContextManager[str]]


@contextmanager
def embedded(_: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    yield str(folder / "store")


@contextmanager
def sqlite(_: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    folder.mkdir()
    yield f"sqlite:///{folder}/s.db"


@contextmanager
def served(_: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    folder.mkdir()
    with server_at(folder, proxied=True) as url:
        yield url


@contextmanager
def postgres(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    yield request.getfixturevalue("fresh_postgres_url")


def made(uri: str) -> None:
    """Versions 1, 3 and 4 of 5, one with another's files changed, an alias, a stage, tags, a policy."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    client.create_registered_model(NAME, {"team": "cellar"}, "Quality from **chemistry**")
    for number in range(1, 6):
        with mlflow.start_run() as run:
            mlflow.log_text(f"weights {number}", "model/weights.bin")
            mlflow.log_text("odd", "model/data/ключ 指标.txt")
        client.create_model_version(
            NAME, f"runs:/{run.info.run_id}/model", run.info.run_id, {"approved": "yes"}, description=f"number {number}"
        )
    client.set_registered_model_alias(NAME, "champion", "1", comment="first")
    client.set_registered_model_alias(NAME, "champion", "3", comment="better")
    client.transition_model_version_stage(NAME, "1", "Archived")
    client.delete_model_version(NAME, "2")
    client.delete_model_version(NAME, "5")
    registry_store().set_policy(NAME, POLICY)


def told(uri: str, name: str = NAME) -> dict[str, Any]:
    """All that must be the same wherever the model is."""
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient()
    model = client.get_registered_model(name)
    found: dict[str, Any] = {
        "model": (model.description, model.tags, model.aliases),
        "policy": registry_store().get_policy(name),
    }
    for version in sorted(client.search_model_versions(f"name = '{name}'"), key=lambda each: int(each.version)):
        tags = {key: value for key, value in version.tags.items() if key not in (COPIED_FROM, COPIED_FROM_RUN)}
        found[version.version] = (version.description, version.current_stage, tags, version.digest)
        local = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version.version}"))
        found[f"{version.version} files"] = {
            path.relative_to(local).as_posix(): path.read_text() for path in local.rglob("*") if path.is_file()
        }
    return found


def moved(source: str, bundle: Path, target: str, **options: Any) -> model_import.Imported:
    export_model(NAME, bundle, source, source)
    return import_model(bundle, target, target, **options)


@pytest.mark.parametrize(
    ("source", "target", "file"),
    [
        (embedded, served, "wine.tar"),
        (served, sqlite, "wine"),
        (sqlite, embedded, "wine.tar"),
        pytest.param(served, postgres, "wine.tar", marks=pytest.mark.postgres),
        pytest.param(postgres, served, "wine", marks=pytest.mark.postgres),
    ],
)
def test_model_is_the_same_wherever_it_is(
    request: pytest.FixtureRequest, tmp_path: Path, source: Place, target: Place, file: str
) -> None:
    with source(request, tmp_path / "from") as there, target(request, tmp_path / "to") as here:
        made(there)
        imported = moved(there, tmp_path / file, here)
        assert (imported.name, imported.versions, imported.missing) == (NAME, 3, [])
        expected, found = told(there), told(here)
        assert found == expected
        assert set(found) == {"model", "policy", *(f"{n}{part}" for n in (1, 3, 4) for part in ("", " files"))}
        client = mlflow.MlflowClient()
        assert client.get_model_version(NAME, "3").tags[COPIED_FROM] == f"models:/{NAME}/3"
        assert COPIED_FROM_RUN in client.get_model_version(NAME, "3").tags
        registry = registry_store()
        assert registry.verify_history(NAME) == []
        kept = [
            (event.kind, event.version, event.key, event.after, event.comment)
            for event in registry.search_history(NAME)
        ][::-1]
        mlflow.set_tracking_uri(there)
        original = [
            (event.kind, event.version, event.key, event.after, event.comment)
            for event in registry_store().search_history(NAME)
        ][::-1]
        at = [kind for kind, *_ in kept].index("imported")
        assert kept[1:at] == original
        mlflow.set_tracking_uri(here)
        # Numbers go on where they ended there, though the last one was deleted.
        new = client.create_model_version(NAME, f"models:/{NAME}/1")
        assert new.version == "6"


def test_run_that_is_known_stays_the_versions_run(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    made(uri)
    moved(uri, tmp_path / "wine.tar", uri, name="wine-again")
    client = mlflow.MlflowClient()
    assert client.get_model_version("wine-again", "3").run_id == client.get_model_version(NAME, "3").run_id
    assert COPIED_FROM_RUN not in client.get_model_version("wine-again", "3").tags
    assert told(uri, "wine-again") == told(uri)


def test_taken_name_is_left_alone(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    made(uri)
    before = told(uri)
    with pytest.raises(AlreadyExists, match="under another name"):
        moved(uri, tmp_path / "wine.tar", uri)
    assert told(uri) == before


def test_target_that_is_there_is_left_alone(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    made(uri)
    for name, content in (("wine.tar", b"mine"), ("wine", None)):
        target = tmp_path / name
        target.mkdir() if content is None else target.write_bytes(content)
        with pytest.raises(AlreadyExists):
            export_model(NAME, target, uri, uri)
        export_model(NAME, target, uri, uri, replace=True)
    assert json.loads((tmp_path / "wine" / "model.json").read_text())["name"] == NAME
    assert {path.name for path in tmp_path.iterdir()} >= {"wine.tar", "wine"}
    assert not list(tmp_path.glob(".*.part"))


def test_import_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target, bundle = str(tmp_path / "from"), str(tmp_path / "to"), tmp_path / "wine.tar"
    made(source)
    export_model(NAME, bundle, source, source)
    real, copies = model_import.logged_copy, []

    def failing(*arguments: Any) -> Any:
        copies.append(arguments[2])
        if len(copies) in (2, 4):
            raise StoreUnavailable("The network is gone.")
        return real(*arguments)

    monkeypatch.setattr(model_import, "logged_copy", failing)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            import_model(bundle, target, target)
        mlflow.set_tracking_uri(target)
        assert IMPORTING in mlflow.MlflowClient().get_registered_model(NAME).tags
    import_model(bundle, target, target)
    assert copies == [f"models:/{NAME}/{number}" for number in (1, 3, 3, 4, 4)]
    assert told(target) == told(source)
    kinds = [event.kind for event in registry_store(target, target).search_history(NAME)]
    assert kinds.count("imported") == 1


def test_numbers_that_somebody_else_took_meanwhile_stop_the_import(tmp_path: Path) -> None:
    source, target, bundle = str(tmp_path / "from"), str(tmp_path / "to"), tmp_path / "wine.tar"
    made(source)
    export_model(NAME, bundle, source, source)

    def interfere(_: Any) -> None:
        client = mlflow.MlflowClient(target)
        client.create_model_version(NAME, f"models:/{NAME}/1")
        client.create_model_version(NAME, f"models:/{NAME}/1")

    with pytest.raises(InvalidState, match="number 3 is taken"):
        import_model(bundle, target, target, on_version=interfere)


def test_changed_byte_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source, target, bundle = str(tmp_path / "from"), str(tmp_path / "to"), tmp_path / "wine"
    made(source)
    export_model(NAME, bundle, source, source)
    (bundle / "versions/3/files/weights.bin").write_text("weights X")
    with pytest.raises(Corrupt, match=r"versions/3/files/weights\.bin has changed"):
        import_model(bundle, target, target)
    mlflow.set_tracking_uri(target)
    assert mlflow.MlflowClient().search_registered_models() == []


def test_version_whose_files_changed_is_not_exported(tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    made(uri)
    (changed,) = [path for path in tmp_path.rglob("weights.bin") if path.read_text() == "weights 3"]
    changed.write_text("weights X")
    with pytest.raises(Corrupt, match=r"weights\.bin has changed"):
        export_model(NAME, tmp_path / "wine.tar", uri, uri)
    assert not (tmp_path / "wine.tar").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_files_may_stay_where_they_lie(tmp_path: Path) -> None:
    source, target = str(tmp_path / "from"), str(tmp_path / "to")
    mlflow.set_tracking_uri(source)
    client = mlflow.MlflowClient()
    client.create_registered_model(NAME)
    client.create_model_version(NAME, "s3://bucket/wine/1")
    made_of = export_model(NAME, tmp_path / "wine", source, source, files=False)
    assert made_of.versions[0].files is None
    import_model(tmp_path / "wine", target, target)
    mlflow.set_tracking_uri(target)
    assert client is not mlflow.MlflowClient()
    assert mlflow.MlflowClient().get_model_version(NAME, "1").source == "s3://bucket/wine/1"


def test_prompts_move_too(tmp_path: Path) -> None:
    source, target = str(tmp_path / "from"), str(tmp_path / "to")
    mlflow.set_tracking_uri(source)
    client = mlflow.MlflowClient()
    is_prompt = {"mlflow.prompt.is_prompt": "true"}
    client.create_registered_model("hello", is_prompt)
    for text in ("Hello {{who}}", "Hi {{who}}", "Bye"):
        client.create_model_version("hello", "dummy-source", tags={**is_prompt, "mlflow.prompt.text": text})
    client.delete_model_version("hello", "3")
    export_model("hello", tmp_path / "hello.tar", source, source)
    import_model(tmp_path / "hello.tar", target, target)
    mlflow.set_tracking_uri(target)
    here = mlflow.MlflowClient()
    assert here.get_model_version("hello", "2").tags["mlflow.prompt.text"] == "Hi {{who}}"
    assert here.search_registered_models() == []
    assert here.create_model_version("hello", "dummy-source", tags=is_prompt).version == "4"


def test_history_of_an_earlier_model_of_that_name_stays_behind(tmp_path: Path) -> None:
    source, target = str(tmp_path / "from"), str(tmp_path / "to")
    mlflow.set_tracking_uri(source)
    client = mlflow.MlflowClient()
    client.create_registered_model(NAME)
    client.set_registered_model_tag(NAME, "of", "the first")
    client.create_registered_model("other")
    client.delete_registered_model(NAME)
    client.rename_registered_model("other", NAME)
    export_model(NAME, tmp_path / "wine.tar", source, source)
    import_model(tmp_path / "wine.tar", target, target)
    kinds = [event.kind for event in registry_store(target, target).search_history(NAME)][::-1]
    assert kinds[:4] == ["model_created", "model_created", "model_renamed", "imported"]


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    target = str(tmp_path / "to")
    (tmp_path / "text.tar").write_text("no archive at all")
    (tmp_path / "empty").mkdir()
    shutil.make_archive(str(tmp_path / "packed"), "gztar", tmp_path / "empty")
    for place in ("text.tar", "empty", "packed.tar.gz"):
        with pytest.raises(InvalidValue):
            import_model(tmp_path / place, target, target)


def test_editor_imports_what_he_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, bundle = str(tmp_path / "from"), tmp_path / "wine.tar"
    made(source)
    export_model(NAME, bundle, source, source)
    with server_at(tmp_path / "to", proxied=True, users=["ed"]) as url:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ed")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
        with pytest.raises(Forbidden):
            import_model(bundle, url, url)
        imported = import_model(bundle, url, url, history=False)
        assert imported.missing == ["policy: only an admin of the server may set it"]
        expected = told(source) | {"policy": ModelPolicy()}
        assert told(url) == expected
