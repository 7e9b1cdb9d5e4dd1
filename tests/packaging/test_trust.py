from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import Forbidden, InvalidValue
from headrace.packaging import manifest, trust, trusted_digests
from headrace.packaging.trust import Origin, UntrustedModel

ASK = (
    "import sys; from headrace.packaging import trust\n"
    "try: trust.may_run(sys.argv[1], what=['model.pkl'], origin=trust.Origin.elsewhere()); print('runs')\n"
    "except trust.UntrustedModel: print('refused')\n"
)


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch ran",)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of its own, also in this process's memory."""
    monkeypatch.setenv("HEADRACE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(trusted_digests, "_here", {})
    return tmp_path / "home"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "code" / "own.py").write_text("x = 1\n")
    (folder / "model.pkl").write_bytes(pickle.dumps(Payload()))
    return folder


def allowed(model: Path, origin: Origin = Origin.elsewhere(), allow_pickle: bool | None = None) -> bool:  # noqa: B008
    try:
        trust.may_run(model, what=["model.pkl"], origin=origin, allow_pickle=allow_pickle)
    except UntrustedModel:
        return False
    return True


def asked_elsewhere(model: Path) -> str:
    """Of another process of this user."""
    return subprocess.run([sys.executable, "-c", ASK, model], capture_output=True, text=True, check=True).stdout.strip()


def test_a_strangers_model_is_refused(model: Path) -> None:
    assert not allowed(model)


def test_refusal_says_what_the_model_holds_and_the_choices(model: Path) -> None:
    with pytest.raises(Forbidden) as refused:
        trust.may_run(model, what=["model.pkl", "code", "MLmodel (loader_module evil)"], origin=Origin.elsewhere())
    message = str(refused.value)
    for part in (
        *["model.pkl (pickle): posix.system", "no model needs posix.system", "code/own.py", "loader_module evil"],
        *["allow_pickle=True", f"headrace models trust {model}", "HEADRACE_ALLOW_PICKLE=1", "headrace models describe"],
    ):
        assert part in message
    assert refused.value.error_code == "PERMISSION_DENIED"
    assert not Path("ran").exists()


def test_a_refusal_looks_at_nothing_outside_the_folder(model: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.pkl").write_bytes(pickle.dumps(Payload()))
    with pytest.raises(UntrustedModel) as refused:
        trust.may_run(model, what=["../secret.pkl", str(tmp_path), "a" * 5000], origin=Origin.elsewhere())
    assert "posix.system" not in str(refused.value)


def test_the_users_own_embedded_store_needs_no_word(model: Path, tmp_path: Path) -> None:
    assert allowed(model, Origin.embedded(tmp_path))
    assert not allowed(model, Origin.embedded(tmp_path / "another"))


def test_a_link_out_of_the_embedded_store_is_not_in_it(model: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "model").symlink_to(model)
    assert not allowed(tmp_path / "store" / "model", Origin.embedded(tmp_path / "store"))


def test_another_users_folder_in_a_shared_store_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: model.stat().st_uid + 1)
    assert not allowed(model, Origin.embedded("/"))


@pytest.mark.parametrize(
    ("creator", "caller", "users", "runs"),
    [
        ("ana", "ana", None, True),
        ("ana", "bo", None, False),
        ("ana", "bo", "eve, ana", True),
        ("ana", None, "ana", True),
        (None, None, "None,ana", False),
        (None, "ana", "ana", False),
        ("", "", "", False),
        ("ana", "bo", "an,anabel", False),
    ],
)
def test_remote_versions_are_judged_by_their_maker(
    model: Path, monkeypatch: pytest.MonkeyPatch, creator: str | None, caller: str | None, users: str | None, runs: bool
) -> None:
    if users is not None:
        monkeypatch.setenv("HEADRACE_TRUSTED_USERS", users)
    assert allowed(model, Origin.remote(creator, caller)) is runs


@pytest.mark.parametrize(
    ("environment", "said", "runs"),
    [
        ({}, None, False),
        ({}, True, True),
        ({"HEADRACE_ALLOW_PICKLE": "1"}, None, True),
        ({"HEADRACE_ALLOW_PICKLE": "1"}, False, False),
        ({"HEADRACE_ALLOW_PICKLE": "0"}, True, True),
        ({"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true"}, None, True),
        ({"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true", "HEADRACE_ALLOW_PICKLE": "0"}, None, False),
    ],
)
def test_the_call_wins_over_the_environment_and_ours_over_mlflows(
    model: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: bool | None, runs: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert allowed(model, allow_pickle=said) is runs


@pytest.mark.parametrize("name", ["HEADRACE_ALLOW_PICKLE", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"])
def test_a_ban_holds_for_own_models_too(model: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "false")
    trust.remember(manifest.digest_of(model))
    with pytest.raises(UntrustedModel, match=f"{name}=false in the environment forbids"):
        trust.may_run(model, what=["model.pkl"], origin=Origin.embedded("/"))


def test_what_was_saved_here_runs_in_every_process_of_the_user(model: Path, home: Path) -> None:
    assert asked_elsewhere(model) == "refused"
    trust.remember(manifest.write(model).digest)
    assert allowed(model)
    assert asked_elsewhere(model) == "runs"
    assert stat.S_IMODE((home / "trusted_models").stat().st_mode) == 0o600
    trust.forget(manifest.digest_of(model))
    assert not allowed(model)
    assert asked_elsewhere(model) == "refused"


@pytest.mark.parametrize("changed", ["MLmodel", "model.pkl", "code/own.py", "new.py"])
def test_any_change_of_the_folder_ends_its_trust(model: Path, changed: str) -> None:
    trust.remember(manifest.write(model).digest)
    (model / changed).write_bytes(b"changed")
    assert not allowed(model)


def test_a_forged_manifest_gives_no_trust(model: Path, tmp_path: Path) -> None:
    trust.remember(manifest.write(model).digest)
    forged = tmp_path / "forged"
    forged.mkdir()
    (forged / "model.pkl").write_bytes(pickle.dumps(Payload(), 0))
    (forged / "model_manifest.json").write_bytes((model / "model_manifest.json").read_bytes())
    assert not allowed(forged)


def test_bytecode_in_a_trusted_folder_never_runs(model: Path) -> None:
    trust.remember(manifest.digest_of(model))
    cache = model / "code" / "__pycache__"
    cache.mkdir()
    (cache / "own.cpython-311.pyc").write_bytes(b"evil")
    assert allowed(model)
    assert not cache.exists()


def test_files_that_a_manifest_leaves_out_are_under_the_digest_too(model: Path) -> None:
    trust.remember(manifest.digest_of(model))
    (model / ".headrace-part-x").write_bytes(pickle.dumps(Payload()))
    assert not allowed(model)


def test_a_link_out_of_a_folder_is_refused_before_anything_is_read(model: Path, tmp_path: Path) -> None:
    trust.remember(manifest.digest_of(model))
    (tmp_path / "elsewhere.pkl").write_bytes((model / "model.pkl").read_bytes())
    (model / "model.pkl").unlink()
    (model / "model.pkl").symlink_to(tmp_path / "elsewhere.pkl")
    with pytest.raises(InvalidValue, match="leads out"):
        allowed(model)


def test_a_list_that_others_can_write_is_not_believed(model: Path, home: Path) -> None:
    trust.remember(manifest.digest_of(model))
    (home / "trusted_models").chmod(0o666)
    with pytest.raises(Forbidden, match="chmod 600"):
        trusted_digests.contains("0" * 64)


def test_a_list_that_is_a_link_is_not_followed(model: Path, home: Path, tmp_path: Path) -> None:
    home.mkdir()
    (tmp_path / "elsewhere").write_text(f"+ {manifest.digest_of(model)}\n")
    (home / "trusted_models").symlink_to(tmp_path / "elsewhere")
    assert not allowed(model)


def test_without_a_writable_home_a_process_knows_its_own_models(model: Path, home: Path) -> None:
    home.write_text("a file where the folder should be")
    assert trust.remember(manifest.digest_of(model)) is False
    assert allowed(model)
    assert asked_elsewhere(model) == "refused"


def test_many_processes_share_the_list(home: Path) -> None:
    script = (
        "import sys, hashlib; from headrace.packaging import trust\n"
        "for n in range(50): trust.remember(hashlib.sha256(f'{sys.argv[1]} {n}'.encode()).hexdigest())\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(number)]) for number in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    lines = (home / "trusted_models").read_text().splitlines()
    assert len(set(lines)) == 200
    assert all(len(line) == 66 for line in lines)


def test_only_digests_are_remembered() -> None:
    for digest in ("", "x" * 64, "A" * 64, f"{'a' * 63}\n"):
        with pytest.raises(InvalidValue):
            trust.remember(digest)


def test_home_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HEADRACE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert trusted_digests.home() == tmp_path / "headrace"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trusted_digests.home() == tmp_path / ".local" / "share" / "headrace"
