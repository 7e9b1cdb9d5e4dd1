from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Headrace
from tests.cli.served import Served, serving

DATABASE = "sqlite:///users.db"
STORE = ("--backend-store-uri", DATABASE)
PASSWORD = "correct horse"


def test_users_and_tokens_live_and_die(headrace: Headrace) -> None:
    made = headrace("users", "create", "alice", "--role", "admin", "--password-stdin", *STORE, stdin=f"{PASSWORD}\n")
    assert made.out == "Created user 'alice' with role admin.\n"
    env = {"MLFLOW_BACKEND_STORE_URI": DATABASE}
    headrace("users", "create", "robot", "--role", "editor", "--no-password", env=env)
    headrace("users", "set-role", "robot", "--role", "reader", env=env)
    listed = headrace("users", "list", "--json", env=env).json()
    assert [(user["username"], user["role"], user["has_password"]) for user in listed] == [
        ("alice", "admin", True),
        ("robot", "reader", False),
    ]
    assert "token" in headrace("users", "list", env=env).out

    token = headrace(
        "users", "tokens", "create", "robot", "--description", "ci", "--expires", "90d", env=env
    ).out.strip()
    assert token.startswith("hrt_")
    [kept] = headrace("users", "tokens", "list", "robot", "--json", env=env).json()
    assert kept["expires_ms"] - kept["created_ms"] == pytest.approx(90 * 86_400_000, abs=60_000)
    assert token not in json.dumps(kept)
    assert kept["token_id"] in headrace("users", "tokens", "list", "robot", env=env).out
    headrace("users", "tokens", "revoke", token, env=env)
    assert headrace("users", "tokens", "list", "robot", "--json", env=env).json() == []
    headrace("users", "delete", "robot", env=env)
    assert [user["username"] for user in headrace("users", "list", "--json", env=env).json()] == ["alice"]
    secret = Path("users.db").read_bytes() + Path("users.db-wal").read_bytes() if Path("users.db-wal").exists() else b""
    assert PASSWORD.encode() not in secret + Path("users.db").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "said"),
    [
        (["create", "alice", "--role", "admin", "--password-stdin"], "short\n", 1, "at least 8 characters"),
        (["create", "alice", "--role", "king"], "", 2, "king"),
        (["create", "alice", "--role", "admin"], "", 2, "--password-stdin"),
        (["create", "a:b", "--role", "reader", "--no-password"], "", 1, "colon"),
        (["create", "bob", "--role", "reader", "--no-password"], "", 1, "already exists"),
        (["set-role", "nobody", "--role", "admin"], "", 1, "No user with name 'nobody' exists."),
        (["set-password", "nobody", "--password-stdin"], "long enough\n", 1, "'nobody'"),
        (["delete", "nobody"], "", 1, "'nobody'"),
        (["tokens", "create", "nobody"], "", 1, "'nobody'"),
        (["tokens", "list", "nobody"], "", 1, "'nobody'"),
        (["tokens", "create", "bob", "--expires", "soon"], "", 1, "90d"),
        (["tokens", "create", "bob", "--expires", "999999999y"], "", 1, "100y"),
        (["tokens", "revoke", "nosuch"], "", 1, "nosuch"),
    ],
)
def test_a_mistake_is_explained(
    in_process: Headrace, bob: None, arguments: list[str], stdin: str, status: int, said: str
) -> None:
    ended = in_process("users", *arguments, *STORE, status=status, stdin=stdin)
    assert said in ended.err
    assert "Traceback" not in ended.err


@pytest.fixture
def bob(in_process: Headrace) -> None:
    in_process("users", "create", "bob", "--role", "editor", "--no-password", *STORE)


def test_looking_for_users_makes_no_database(headrace: Headrace) -> None:
    headrace("users", "list", *STORE, status=1)
    assert not Path("users.db").exists()
    assert "sqlite:///" in headrace("users", "list", "--backend-store-uri", "http://host:1", status=1).err


@pytest.fixture
def guarded(headrace: Headrace, tmp_path: Path) -> Iterator[Served]:
    for name, role in (("alice", "editor"), ("carol", "reader")):
        headrace("users", "create", name, "--role", role, "--password-stdin", *STORE, stdin=f"{PASSWORD}\n")
    with serving("--auth", "basic", *STORE) as server:
        yield server


def test_a_server_asks_who_is_calling_and_the_commands_answer(headrace: Headrace, guarded: Served) -> None:
    to_server = ("--tracking-uri", guarded.url)
    refused = headrace("runs", "list", *to_server, status=1)
    assert "HEADRACE_TRACKING_TOKEN" in refused.err
    token = headrace("users", "tokens", "create", "alice", *STORE).out.strip()
    headrace("experiments", "create", "-n", "mine", *to_server, env={"MLFLOW_TRACKING_TOKEN": token})
    carol = {"MLFLOW_TRACKING_USERNAME": "carol", "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    assert "mine" in headrace("experiments", "search", *to_server, env=carol).out
    denied = headrace("experiments", "create", "-n", "hers", *to_server, env=carol, status=1)
    assert "role reader" in denied.err
    assert "headrace users" in denied.err
    checked = headrace("doctor", *to_server, status=1, env={"MLFLOW_TRACKING_TOKEN": "wrong"})
    assert "✗" in checked.out
    assert "access" in headrace("doctor", *to_server, env=carol).out
    wrong = urllib.request.Request(f"{guarded.url}/api/2.0/mlflow/experiments/get?experiment_id=0")
    wrong.add_header("Authorization", f"Basic {base64.b64encode(b'carol:nonsense').decode()}")
    with pytest.raises(urllib.error.HTTPError, match="401") as caught:
        urllib.request.urlopen(wrong)
    caught.value.close()


def test_a_password_that_changes_signs_browsers_out(headrace: Headrace, guarded: Served) -> None:
    signing_in = urllib.request.Request(f"{guarded.url}/ajax-api/1.0/headrace/session/open", data=b"{}")
    signing_in.add_header("Content-Type", "application/json")
    signing_in.add_header("Authorization", f"Basic {base64.b64encode(f'carol:{PASSWORD}'.encode()).decode()}")
    with urllib.request.urlopen(signing_in) as opened:
        assert "HttpOnly" in opened.headers["Set-Cookie"]
    headrace("users", "tokens", "create", "carol", "--description", "ci", *STORE)
    changed = headrace("users", "set-password", "carol", "--password-stdin", *STORE, stdin="battery staple\n")
    assert changed.out == "User 'carol' has a new password. Browsers signed out: 1.\n"
    [left] = headrace("users", "tokens", "list", "carol", "--json", *STORE).json()
    assert left["description"] == "ci"
