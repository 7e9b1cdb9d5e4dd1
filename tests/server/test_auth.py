from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from headrace import clock
from headrace.entities import Role
from headrace.errors import InvalidValue, NotSupported
from headrace.server import Options, auth, create_app
from headrace.server.app import App
from headrace.server.credentials import hash_password, new_token, password_matches, split_token
from headrace.stores.sql import SqlStore
from headrace.wire.endpoint import Endpoint
from headrace.wire.endpoints import ENDPOINTS
from tests.server.calls import Reply, request

GET_EXPERIMENT = "/api/2.0/mlflow/experiments/get?experiment_id=0"
PASSWORD = "correct horse"


def basic(username: str, password: str = PASSWORD) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@cache
def known_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def users(store: SqlStore) -> SqlStore:
    hashed = known_hash()
    roles: tuple[Role, ...] = ("reader", "editor", "admin")
    for role in roles:
        store.create_user(role, role, hashed)
    return store


@pytest.fixture
def basic_app(users: SqlStore) -> App:
    return create_app(users, Options(auth="basic"))


@pytest.fixture
def token_app(users: SqlStore) -> App:
    return create_app(users, Options(auth="token"))


def token_of(store: SqlStore, username: str, expires_ms: int | None = None) -> str:
    token, shown = new_token(username, expires_ms=expires_ms)
    store.create_token(token)
    return shown


def addresses() -> list[tuple[Endpoint[Any, Any], str, str]]:
    return [
        (
            endpoint,
            method,
            mount.replace("{path:path}", "a/b").replace("{folder:path}", "a").replace("{model_id}", "m-1"),
        )
        for endpoint in ENDPOINTS
        for mount in endpoint.mounts
        for method in endpoint.methods
    ]


@pytest.mark.parametrize("mode", ["basic", "token"])
def test_no_route_answers_strangers_but_the_public_ones(users: SqlStore, mode: Any) -> None:
    app = create_app(users, Options(auth=mode))
    answered = {
        endpoint.name
        for endpoint, method, path in addresses()
        if request(app, method, path, {} if method != "GET" else None).status != 401
    }
    assert answered == {endpoint.name for endpoint in ENDPOINTS if endpoint.permission == "public"}


def test_no_write_is_open_to_readers(basic_app: App) -> None:
    let_in = {
        endpoint.name
        for endpoint, method, path in addresses()
        if endpoint.permission in ("write", "admin")
        and request(basic_app, method, path, {} if method != "GET" else None, basic("reader")).status != 403
    }
    assert let_in == set()


@pytest.mark.parametrize(("role", "reads", "writes"), [("reader", 200, 403), ("editor", 200, 200), ("admin", 200, 200)])
def test_roles_grant_what_their_names_say(basic_app: App, role: str, reads: int, writes: int) -> None:
    assert request(basic_app, "GET", GET_EXPERIMENT, headers=basic(role)).status == reads
    reply = request(basic_app, "POST", "/api/2.0/mlflow/experiments/create", {"name": f"of {role}"}, basic(role))
    assert reply.status == writes
    if writes == 403:
        assert reply.json["error_code"] == "PERMISSION_DENIED"
        assert "reader" in reply.json["message"]


def test_strangers_are_told_how_to_say_who_they_are(basic_app: App, token_app: App) -> None:
    reply = request(basic_app, "GET", GET_EXPERIMENT)
    assert reply.status == 401
    assert reply.json["error_code"] == "UNAUTHENTICATED"
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert request(token_app, "GET", GET_EXPERIMENT).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"admin").decode(),
        "Basic " + base64.b64encode(b"admin:wrong").decode(),
        "Basic " + base64.b64encode(b"nobody:correct horse").decode(),
        "Basic " + base64.b64encode(b"ad\0min:correct horse").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Bearer",
        "Bearer hrt_",
        "Bearer hrt_nobody_secret",
        "Bearer admin",
        "Digest username=admin",
    ],
)
def test_bad_credentials_are_401(basic_app: App, value: str) -> None:
    assert request(basic_app, "GET", GET_EXPERIMENT, headers={"authorization": value}).status == 401


def test_tokens_are_taken_in_both_modes_and_passwords_in_one(users: SqlStore, basic_app: App, token_app: App) -> None:
    shown = token_of(users, "editor")
    assert request(basic_app, "GET", GET_EXPERIMENT, headers=bearer(shown)).status == 200
    assert request(token_app, "GET", GET_EXPERIMENT, headers=bearer(shown)).status == 200
    assert request(token_app, "GET", GET_EXPERIMENT, headers=basic("editor")).status == 401


def test_a_token_needs_its_own_secret(users: SqlStore, token_app: App) -> None:
    mine, other = token_of(users, "editor"), token_of(users, "admin")
    mixed = "_".join([*other.split("_", 2)[:2], mine.split("_", 2)[2]])
    assert request(token_app, "GET", GET_EXPERIMENT, headers=bearer(mixed)).status == 401


def test_an_expired_token_is_refused(users: SqlStore, token_app: App) -> None:
    assert (
        request(token_app, "GET", GET_EXPERIMENT, headers=bearer(token_of(users, "editor", clock.now_ms() - 1))).status
        == 401
    )


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    shift = 0.0
    real = clock.monotonic_s

    def move() -> None:
        nonlocal shift
        shift += auth.RECHECK_S + 1

    monkeypatch.setattr(clock, "monotonic_s", lambda: real() + shift)
    return move


def ask(app: App, headers: dict[str, str]) -> Reply:
    return request(app, "GET", GET_EXPERIMENT, headers=headers)


def test_a_deleted_token_stops_working(users: SqlStore, token_app: App, later: Callable[[], None]) -> None:
    shown = token_of(users, "editor")
    assert ask(token_app, bearer(shown)).status == 200
    users.delete_token(shown.split("_")[1])
    later()
    assert ask(token_app, bearer(shown)).status == 401


def test_a_changed_password_stops_the_old_one(users: SqlStore, basic_app: App, later: Callable[[], None]) -> None:
    assert ask(basic_app, basic("editor")).status == 200
    users.update_user("editor", password_hash=hash_password("another password"))
    later()
    assert ask(basic_app, basic("editor")).status == 401
    assert ask(basic_app, basic("editor", "another password")).status == 200


def test_a_deleted_user_and_a_lower_role_have_effect(
    users: SqlStore, basic_app: App, later: Callable[[], None]
) -> None:
    assert (
        request(basic_app, "POST", "/api/2.0/mlflow/experiments/create", {"name": "a"}, basic("editor")).status == 200
    )
    users.update_user("editor", role="reader")
    later()
    assert (
        request(basic_app, "POST", "/api/2.0/mlflow/experiments/create", {"name": "b"}, basic("editor")).status == 403
    )
    users.delete_user("editor")
    later()
    assert ask(basic_app, basic("editor")).status == 401


def test_a_verified_password_is_not_hashed_again(
    basic_app: App, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counting(password: str, password_hash: str | None) -> bool:
        checked.append(password)
        return password_matches(password, password_hash)

    monkeypatch.setattr(auth, "password_matches", counting)
    for _ in range(3):
        assert ask(basic_app, basic("admin")).status == 200
        later()
    assert checked == [PASSWORD]


def test_a_wrong_password_is_checked_each_time(basic_app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    def counting(password: str, _: str | None) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(auth, "password_matches", counting)
    for _ in range(2):
        assert ask(basic_app, basic("admin", "wrong")).status == 401
    assert checked == ["wrong", "wrong"]


def test_a_caller_is_told_who_they_are(users: SqlStore, basic_app: App, store: SqlStore) -> None:
    path = "/api/1.0/headrace/whoami"
    assert request(basic_app, "GET", path, headers=basic("editor")).json == {"user": "editor"}
    assert request(basic_app, "GET", path).status == 401
    assert request(create_app(store), "GET", path, headers=basic("editor")).json == {}


def test_a_user_without_password_can_not_use_one(users: SqlStore, basic_app: App) -> None:
    users.create_user("robot", "editor")
    for password in ("", "None", PASSWORD):
        assert ask(basic_app, basic("robot", password)).status == 401


def test_short_passwords_are_not_taken() -> None:
    with pytest.raises(InvalidValue, match="8"):
        hash_password("short")


def test_the_store_never_has_the_secret() -> None:
    token, shown = new_token("u")
    parts = split_token(shown)
    assert parts is not None
    assert parts[0] == token.token_id
    assert parts[1] not in repr(token)


def test_a_store_without_users_can_not_ask_who_is_calling(store: SqlStore) -> None:
    class Bare:
        def __getattr__(self, name: str) -> Any:
            if name in ("submit", "quick_reads", "get_run_document", "search_run_documents"):
                raise AttributeError(name)
            return getattr(store, name)

    with pytest.raises(NotSupported, match="--auth none"):
        create_app(Bare(), Options(auth="basic"))  # type: ignore[arg-type]


def test_token_of_the_server_itself_is_an_editors(users: SqlStore) -> None:
    app = create_app(users, Options(auth="token", token="one of the server's"))
    assert request(app, "GET", GET_EXPERIMENT, headers=bearer("one of the server's")).status == 200
    made = request(
        app, "POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0"}, headers=bearer("one of the server's")
    )
    assert made.status == 200
    assert request(app, "GET", GET_EXPERIMENT, headers=bearer("another one")).status == 401
    assert request(app, "GET", GET_EXPERIMENT, headers=bearer(token_of(users, "reader"))).status == 200
    listed = next(each for each in ENDPOINTS if each.permission == "admin")
    refused = request(app, listed.methods[0], listed.path, headers=bearer("one of the server's"))
    assert refused.status == 403
