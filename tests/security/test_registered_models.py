"""Whose registered models may run code here: the server says who made them, and who is asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import headrace as mlflow
from headrace.packaging import trusted_digests
from headrace.packaging.trust import UntrustedModel
from tests.client.conftest import PASSWORD, forget, server_at

Become = Callable[[str], None]


class Doubles(mlflow.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input * 2


def register(name: str = "twice") -> None:
    mlflow.pyfunc.log_model(
        name="model", python_model=Doubles(), registered_model_name=name, pip_requirements=["numpy"]
    )


def answer(uri: str = "models:/twice/1") -> Any:
    return mlflow.pyfunc.load_model(uri).unwrap_python_model().predict(None, 21)


@pytest.fixture(autouse=True)
def no_word(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is trusted by its digest."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(trusted_digests, "contains", lambda _: False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    yield
    forget()


@pytest.fixture
def become(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Become]:
    """Makes this process another user of a server that knows its users."""
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True, users=("alice", "bob", "mallory")) as address:

        def change(user: str) -> None:
            forget()
            monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)

        yield change
        forget()


def test_ones_own_version_loads_without_a_word_and_a_strangers_does_not(become: Become) -> None:
    become("alice")
    register()
    assert answer() == 42
    assert mlflow.MlflowClient().get_model_version("twice", 1).user_id == "alice"
    become("bob")
    with pytest.raises(UntrustedModel, match="made by 'alice', who is neither you nor in HEADRACE_TRUSTED_USERS"):
        answer()
    assert mlflow.pyfunc.load_model("models:/twice/1", allow_pickle=True) is not None


def test_a_name_among_the_trusted_users_vouches(become: Become, monkeypatch: pytest.MonkeyPatch) -> None:
    become("alice")
    register()
    become("bob")
    monkeypatch.setenv("HEADRACE_TRUSTED_USERS", "carol, alice")
    assert answer() == 42


def test_a_copy_is_its_makers(become: Become) -> None:
    become("alice")
    register()
    become("bob")
    mlflow.MlflowClient().copy_model_version("models:/twice/1", "bobs")
    assert answer("models:/bobs/1") == 42


def test_who_amends_a_version_answers_for_it(become: Become, monkeypatch: pytest.MonkeyPatch) -> None:
    become("alice")
    register()
    become("mallory")
    mlflow.models.update_model_requirements("models:/twice/1", "add", ["rich"])
    become("alice")
    with pytest.raises(UntrustedModel, match="made by 'mallory'"):
        answer()
    monkeypatch.setenv("HEADRACE_TRUSTED_USERS", "mallory")
    assert answer() == 42


def test_logged_models_have_no_maker_that_a_server_knows(become: Become) -> None:
    become("alice")
    register()
    model_id = mlflow.MlflowClient().get_model_version("twice", 1).model_id
    with pytest.raises(UntrustedModel, match="neither made here by you nor trusted before"):
        answer(f"models:/{model_id}")


def test_a_server_that_asks_nobody_vouches_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        monkeypatch.setenv("LOGNAME", "alice")
        monkeypatch.setenv("HEADRACE_TRUSTED_USERS", "alice,unverified:alice")
        register()
        assert mlflow.MlflowClient().get_model_version("twice", 1).user_id == "unverified:alice"
        with pytest.raises(UntrustedModel, match="neither made here by you nor trusted before"):
            answer()
        forget()


def test_what_was_saved_here_loads_from_any_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # digests are trusted again
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True) as address:
        mlflow.set_tracking_uri(address)
        register("two Wörter")
        assert answer("models:/two Wörter/1") == 42
        forget()


def test_versions_in_ones_own_embedded_store_load_without_a_word() -> None:
    register()
    assert answer() == 42


def test_they_do_so_when_files_were_put_beside_theirs(tmp_path: Path) -> None:
    register()
    [model] = tmp_path.rglob("MLmodel")
    (model.parent / "report.html").write_text("<p>")
    assert answer() == 42


def test_a_registered_folder_elsewhere_is_a_strangers(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("elsewhere") / "model"
    mlflow.pyfunc.save_model(folder, python_model=Doubles(), pip_requirements=["numpy"])
    mlflow.set_tracking_uri(tmp_path / "store")
    mlflow.register_model(str(folder), "twice")
    with pytest.raises(UntrustedModel):
        answer()
