from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import headrace as mlflow
from headrace import clock
from headrace.cli.dates import parse
from headrace.client.open import close_stores
from headrace.data import from_pandas
from headrace.entities import ModelVersion
from tests.cli.conftest import Headrace

MLMODEL = "flavors: {}\n"


@pytest.fixture
def wine() -> str:
    """Three versions with files, whose metric is 0.7, 0.8, 0.9."""
    for value in (0.7, 0.8, 0.9):
        registered("wine", value)
    return "wine"


def registered(name: str, value: float) -> ModelVersion:
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", value)
        mlflow.log_param("C", value * 10)
        mlflow.log_text(MLMODEL, "model/MLmodel")
        mlflow.log_text(f"weights {value}", "model/data/weights.txt")
    return mlflow.register_model(f"runs:/{run.info.run_id}/model", name)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """Files of a private and a public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return str(private), str(public)


def weights_of(version: str) -> Path:
    location = mlflow.MlflowClient().get_model_version_download_uri("wine", version)
    return Path(location.removeprefix("file://")) / "data" / "weights.txt"


def flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def test_gates_are_added_tried_and_refuse(in_process: Headrace, wine: str) -> None:
    in_process("models", "alias", wine, "champion", "2", "--comment", "first")
    add = ("models", "gate", "add", wine, "champion")
    said = in_process(*add, "--metric", "auc", "--minimum", "0.5", "--better", "higher", "--margin", "0.05").out
    assert said == "Alias 'champion' of model 'wine' is guarded by metric auc.\n"
    in_process(*add, "--tag", "evaluation=passed", "--comment", "the audit asks for it")

    tried = in_process("models", "gate", "check", wine, "champion", "1", status=1).out
    assert "✗  metric auc" in tried
    assert "at least 0.85, as version 2 has 0.8" in tried
    results = in_process("models", "gate", "check", wine, "champion", "3", "--json", status=1).json()
    assert [(each["check"], each["passed"]) for each in results] == [("metric", True), ("tag", False)]

    refused = in_process("models", "alias", wine, "champion", "3", status=1).err
    assert "1 of 2 checks failed:\n  tag evaluation: the version has no such tag. Needed: 'passed'" in refused
    in_process("models", "tag", "wine/3", "evaluation=passed")
    in_process("models", "gate", "check", wine, "champion", "3")
    in_process("models", "alias", wine, "champion", "3")

    in_process("models", "gate", "remove", wine, "champion", "--metric", "auc")
    assert (
        "There: tag evaluation." in in_process("models", "gate", "remove", wine, "champion", "--schema", status=1).err
    )
    assert in_process("models", "gate", "remove", wine, "champion").out.endswith("not guarded any more.\n")
    in_process("models", "alias", wine, "champion", "1")


def test_gates_of_stages(in_process: Headrace, wine: str) -> None:
    in_process("models", "gate", "add", wine, "Production", "--metric", "auc", "--minimum", "0.75")
    in_process("models", "gate", "check", wine, "production", "1", status=1)
    assert "can't take stage Production" in in_process("models", "stage", wine, "1", "production", status=1).err
    in_process("models", "stage", wine, "2", "production")
    at = in_process("models", "at", wine, "Production", "today", "--json").json()
    assert [(each["kind"], each["version"]) for each in at] == [("stage", "2")]


def test_gate_options_that_make_no_sense(in_process: Headrace, wine: str) -> None:
    add = ("models", "gate", "add", wine, "champion")
    assert "Say what to check" in in_process(*add, status=1).err
    assert "belong to a --metric" in in_process(*add, "--minimum", "1", status=1).err
    assert "KEY=VALUE" in in_process(*add, "--tag", "passed", status=1).err
    assert "needs a minimum" in in_process(*add, "--metric", "auc", status=1).err
    assert "names the keys" in in_process(*add, "--signed", status=1).err
    assert "Did you mean 'wine'?" in in_process("models", "policy", "show", "vine", status=1).err


def test_policy_goes_through_a_file(in_process: Headrace, wine: str, keys: tuple[str, str]) -> None:
    assert "demands nothing" in in_process("models", "policy", "show", wine).err
    Path("policy.yaml").write_text(
        "unsigned: no_alias\nkeys: [public.pem]\ngates:\n- alias: champion\n  checks: [{check: schema}]\n"
    )
    in_process("models", "policy", "set", wine, "policy.yaml")
    shown = in_process("models", "policy", "show", wine).out
    assert "- |\n  -----BEGIN PUBLIC KEY-----\n" in shown
    in_process("models", "policy", "set", wine, "-", stdin=shown)
    assert in_process("models", "policy", "show", wine).out == shown
    assert "→ champion: schema; unsigned: no_alias; 1 key" in in_process("models", "history", wine).out

    in_process("models", "policy", "set", wine, "--unsigned", "no_load", "--key", keys[1])
    assert len(in_process("models", "policy", "show", wine, "--json").json()["keys"]) == 1
    in_process("models", "policy", "set", wine, "--clear")
    assert in_process("models", "policy", "show", wine, "--json").json() == {}
    for content, said in (("gates: {", "neither YAML nor JSON"), ("gates: [{alias: a, check: []}]", "its keys are")):
        assert said in in_process("models", "policy", "set", wine, "-", stdin=content, status=1).err
    assert "Give a file" in in_process("models", "policy", "set", wine, status=1).err
    Path("policy.yaml").write_text("keys: [nowhere.pem]\n")
    assert "nowhere.pem" in in_process("models", "policy", "set", wine, "policy.yaml", status=1).err


def test_signing_and_verifying(in_process: Headrace, wine: str, keys: tuple[str, str]) -> None:
    private, public = keys
    in_process("models", "policy", "set", wine, "--unsigned", "no_load", "--key", public)
    assert "nobody signed it" in in_process("models", "alias", wine, "champion", "1", status=1).err
    refused = in_process("models", "predict", "-m", "models:/wine/1", stdin='{"inputs": [1]}', status=1).err
    assert "headrace models sign models:/wine/1" in refused
    assert "role" not in refused  # nobody may, so that no other role helps
    in_process("models", "sign", "wine/1", "--private-key", private, "--output", "model.sig", "--comment", "released")
    in_process("models", "alias", wine, "champion", "1")
    shown = in_process("models", "verify", "models:/wine@champion").out
    assert "all 2 (23 B) are as they were registered" in shown
    assert "proven by a key of the model's policy" in shown

    assert in_process("models", "verify", "models:/wine/1", "--key", public, "--json").json()["proven_by"] == "--key"
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    Path("other.pem").write_bytes(
        other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert "No signature" in in_process("models", "verify", "models:/wine/1", "--key", "other.pem", status=1).err
    assert "no: nobody signed it" in in_process("models", "verify", "models:/wine/2").out

    refused = in_process("models", "sign", "wine/2", "--bundle", "model.sig", status=1).err
    assert "data/weights.txt is another file than the signed one" in refused
    in_process("models", "sign", "wine/1", "--bundle", "model.sig")
    assert "either" in in_process("models", "sign", "wine/1", status=1).err
    events = in_process("models", "history", wine, "--json").json()
    assert [event["comment"] for event in events if event["kind"] == "version_signed"] == ["", "released"]


def test_key_with_a_password(in_process: Headrace, wine: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    hidden = serialization.BestAvailableEncryption(b"open sesame")
    Path("hidden.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    )
    sign = ("models", "sign", "wine/1", "--private-key", "hidden.pem")
    assert "Password was not given" in in_process(*sign, status=1).err
    in_process(*sign, "--password-file", "-", stdin="open sesame\n")


def test_flipped_byte_is_named_by_verify_sign_and_doctor(
    in_process: Headrace, wine: str, keys: tuple[str, str]
) -> None:
    in_process("models", "alias", wine, "champion", "2")
    in_process("doctor", "--contents")
    flip(weights_of("2"))
    for command in (
        ("models", "verify", "models:/wine/2"),
        ("models", "sign", "wine/2", "--private-key", keys[0]),
        ("models", "download", "wine/2", "-d", "here"),
    ):
        assert "data/weights.txt has changed" in in_process(*command, status=1).err
    in_process("models", "verify", "models:/wine/1")

    by_size = in_process("doctor", "--json").json()
    assert [each["state"] for each in by_size if each["what"] == "models"] == ["ok"]
    found = in_process("doctor", "--contents", "--json", status=1).json()
    (broken,) = [each for each in found if each["what"] == "models" and each["state"] == "broken"]
    assert broken["detail"].startswith(
        "version 2 of 'wine', which is 'champion', isn't what was registered: data/weights.txt has changed"
    )


def test_doctor_finds_all_versions_whose_files_are_gone(in_process: Headrace, wine: str) -> None:
    weights_of("1").unlink()
    for path in (weights_of("3"), weights_of("3").parents[1] / "MLmodel"):
        path.unlink()
    mlflow.MlflowClient().create_model_version("wine", "s3://bucket/model")
    found = in_process("doctor", "--json", status=1).json()
    details = [each["detail"] for each in found if each["what"] == "models"]
    assert details == [
        "version 1 of 'wine' isn't what was registered: data/weights.txt is missing",
        "version 3 of 'wine' isn't what was registered: all 2 files are gone",
        "1 version compared with their manifests, by name and size; --contents reads every byte",
        "1 version without a manifest: nothing to compare with",
    ]
    said = in_process("models", "verify", "models:/wine/4", status=1).err
    assert "has no manifest" in said
    assert "s3://bucket/model" in said


def test_history_changed_behind_the_registrys_back_is_found(in_process: Headrace, wine: str) -> None:
    in_process("models", "alias", wine, "champion", "2", "--comment", "approved by anna")
    assert "is whole" in in_process("models", "history", wine, "--check").err
    close_stores()
    with closing(sqlite3.connect(".headrace/headrace.db")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE registry_event SET comment = 'approved by bob' WHERE kind = 'alias_set'")
        connection.commit()
    assert "approved by bob" in in_process("models", "history", wine, "--check", status=1).out
    found = in_process("doctor", "--json", status=1).json()
    (broken,) = [each for each in found if each["what"] == "history"]
    assert "changed behind the registry's back" in broken["detail"]


def test_history_says_who_when_and_why(in_process: Headrace, wine: str) -> None:
    in_process("models", "alias", wine, "champion", "1", "--comment", "first")
    in_process("models", "alias", wine, "champion", "2", "--comment", "better")
    in_process("models", "unalias", wine, "champion", "--comment", "leaks labels")
    rows = in_process("models", "history", wine, "--alias", "champion").out.splitlines()[2:]
    assert [row.split()[2:4] for row in rows] == [["alias", "champion"]] * 3
    assert [row.rsplit("  ", 1)[1] for row in rows] == ["leaks labels", "better", "first"]
    assert "1 → 2" in rows[1]
    assert "2 → –" in rows[0]
    assert len(in_process("models", "history", wine, "--version", "3", "--json").json()) == 1
    assert in_process("models", "history", wine, "--until", "yesterday", "--json").json() == []
    assert len(in_process("models", "history", wine, "--since", "today", "--json").json()) == 7
    assert "There are more" in in_process("models", "history", wine, "--max-results", "2").err
    in_process("models", "delete", wine)
    assert "model deleted" in in_process("models", "history", wine).out
    assert "Did you mean" not in in_process("models", "history", "beer", status=1).err


def test_what_an_alias_was_on_a_day(in_process: Headrace, wine: str) -> None:
    in_process("models", "alias", wine, "production", "1", "--comment", "first")
    between = clock.now_ms()
    clock.sleep_s(0.002)
    in_process("models", "alias", wine, "production", "2")
    in_process("models", "stage", wine, "3", "Staging")

    (then,) = in_process("models", "at", wine, "production", str(between), "--json").json()
    assert (then["version"], then["event"]["comment"], len(then["event"]["digest"])) == ("1", "first", 64)
    (now,) = in_process("models", "at", wine, "production", "today", "--json").json()
    assert now["version"] == "2"
    said = in_process("models", "at", wine, "production", "yesterday", status=1)
    assert "was no version" in said.err
    assert in_process("models", "at", wine, "production", "yesterday", "--json", status=1).json() == []
    assert "Its aliases are production." in in_process("models", "at", wine, "prod", "today", status=1).err
    held = in_process("models", "history", wine, "--at", "today", "--json").json()
    assert [(each["kind"], each["name"], each["version"]) for each in held] == [
        ("alias", "production", "2"),
        ("stage", "Staging", "3"),
    ]
    assert "no date" in in_process("models", "at", wine, "production", "soon", status=2).err


def test_lineage_and_back(in_process: Headrace) -> None:
    import pandas as pd

    with mlflow.start_run() as run:
        data = from_pandas(pd.DataFrame({"a": [1, 2]}), name="people")
        mlflow.log_input(data, context="training")
        mlflow.log_params({"C": 10})
        mlflow.log_metric("auc", 0.9)
        mlflow.log_text(MLMODEL, "model/MLmodel")
        mlflow.set_tag("mlflow.source.git.commit", "a" * 40)
    made = mlflow.register_model(f"runs:/{run.info.run_id}/model", "wine")

    shown = in_process("models", "lineage", "wine/1").out
    assert run.info.run_id in shown
    assert data.digest in shown
    assert "a" * 40 in shown
    told = in_process("models", "lineage", "models:/wine/latest", "--json").json()
    assert (told["params"], told["metrics"]) == ({"C": "10"}, {"auc": 0.9})
    for option, value in (
        ("--run", run.info.run_id),
        ("--dataset", data.digest),
        ("--commit", "a" * 40),
        ("--digest", str(made.digest)),
    ):
        found = in_process("models", "lineage", option, value, "--json").json()
        assert [(each["name"], each["version"]) for each in found] == [("wine", "1")], option
    assert json.loads(in_process("models", "lineage", "--run", "x", "--json").out) == []
    assert "exactly one" in in_process("models", "lineage", "wine/1", "--run", "x", status=1).err


def test_dates() -> None:
    today = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    midnight = int(today.timestamp() * 1000)
    assert parse("today") == midnight
    assert (parse("yesterday", end=True) or 0) == midnight - 1
    assert parse("2026-05-03") == _local(2026, 5, 3)
    assert parse("2026-05-03", end=True) == _local(2026, 5, 4) - 1
    assert parse("3 May 2026") == parse("3 may 2026") == parse("May 3, 2026") == _local(2026, 5, 3)
    assert parse("2026-05-03 14:30") == _local(2026, 5, 3) + (14 * 60 + 30) * 60_000
    assert parse("2026-05-03T14:30:00+02:00") == 1_777_811_400_000
    assert parse("1777811400000") == 1_777_811_400_000
    tomorrow = today + timedelta(days=1)
    last_year = parse(tomorrow.strftime("%d %B"))
    if tomorrow.strftime("%m-%d") not in ("02-29", "01-01"):
        assert last_year == _local(tomorrow.year - 1, tomorrow.month, tomorrow.day)
    assert parse(today.strftime("%d %b")) == midnight
    for nonsense in ("", "soon", "31 February", "2026-13-01", "3", "May"):
        assert parse(nonsense) is None


def _local(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day).timestamp() * 1000)  # noqa: DTZ001 — local time
