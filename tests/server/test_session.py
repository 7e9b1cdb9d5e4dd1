from __future__ import annotations

from typing import Any

import pytest

from headrace import clock
from headrace.entities import Role
from headrace.server import Options, create_app
from headrace.server.app import App
from headrace.server.credentials import new_token
from headrace.server.session import DESCRIPTION
from headrace.stores.sql import SqlStore
from tests.server.calls import Reply, request
from tests.server.test_auth import basic, bearer, known_hash

OPEN = "/ajax-api/1.0/headrace/session/open"
CLOSE = "/ajax-api/1.0/headrace/session/close"
SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
CREATE = "/ajax-api/2.0/mlflow/experiments/create"


@pytest.fixture
def users(store: SqlStore) -> SqlStore:
    roles: tuple[Role, ...] = ("reader", "editor")
    for role in roles:
        store.create_user(role, role, known_hash())
    return store


@pytest.fixture(params=["basic", "token"])
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


def cookie_of(reply: Reply) -> dict[str, str]:
    assert reply.status == 200
    return {"cookie": "theme=dark; " + reply.headers["set-cookie"].partition(";")[0]}


def searched(app: App, headers: dict[str, str]) -> int:
    return request(app, "POST", SEARCH, {"max_results": 1}, headers).status


def test_a_session_stands_for_the_password_and_ends(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic"))
    assert searched(app, {}) == 401
    opened = request(app, "POST", OPEN, {}, basic("reader"))
    assert opened.json == {"user": "reader"}
    cookie = cookie_of(opened)
    assert "correct" not in cookie["cookie"]
    assert searched(app, cookie) == 200
    assert request(app, "POST", CREATE, {"name": "not for readers"}, cookie).status == 403
    [token] = users.list_tokens("reader")
    assert token.description == DESCRIPTION
    closed = request(app, "POST", CLOSE, {}, cookie)
    assert "Max-Age=0" in closed.headers["set-cookie"]
    assert users.list_tokens("reader") == []
    assert searched(create_app(users, Options(auth="basic")), cookie) == 401


def test_a_session_stands_for_a_token_and_ends_with_it(users: SqlStore, mode: Any) -> None:
    app = create_app(users, Options(auth=mode))
    token, shown = new_token("editor", "nightly training")
    users.create_token(token)
    cookie = cookie_of(request(app, "POST", OPEN, {}, bearer(shown)))
    assert searched(app, cookie) == 200
    request(app, "POST", CLOSE, {}, cookie)
    assert searched(app, bearer(shown)) == 200, "signing out of a browser takes no token from others"
    users.delete_token(token.token_id)
    assert searched(create_app(users, Options(auth=mode)), cookie) == 401


def test_scripts_and_other_sites_do_not_get_the_cookie(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic", static_prefix="/team", allowed_hosts=("runs.example",)))
    headers = {**basic("reader"), "host": "runs.example:8443", "origin": "https://runs.example:8443"}
    given = request(app, "POST", "/team" + OPEN, {}, headers).headers["set-cookie"]
    assert given.startswith("headrace_session_8443=hrt_")
    assert {"HttpOnly", "SameSite=Strict", "Secure", "Path=/team"} <= set(given.split("; "))
    plain = request(app, "POST", "/team" + OPEN, {}, {**headers, "origin": "http://runs.example:8443"})
    assert "Secure" not in plain.headers["set-cookie"].split("; ")


def test_a_page_of_another_origin_writes_nothing_with_the_cookie(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic"))
    cookie = cookie_of(request(app, "POST", OPEN, {}, basic("editor")))
    blocked = request(app, "POST", CREATE, {"name": "forged"}, {**cookie, "origin": "http://evil.example"})
    assert blocked.status == 403
    assert users.get_experiment_by_name("forged") is None


@pytest.mark.parametrize("value", ["", "x", "hrt_nobody_secret", "%ff%fe", "%00", "ü"])
def test_a_bad_cookie_is_nobody(users: SqlStore, mode: Any, value: str) -> None:
    app = create_app(users, Options(auth=mode))
    assert searched(app, {"cookie": f"headrace_session={value}"}) == 401


def test_a_header_goes_before_a_cookie(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic"))
    cookie = cookie_of(request(app, "POST", OPEN, {}, basic("reader")))
    who = request(app, "GET", "/ajax-api/1.0/headrace/whoami", headers={**cookie, **basic("editor")})
    assert who.json == {"user": "editor"}


def test_pages_ask_by_themselves_and_programs_are_challenged(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic"))
    assert request(app, "GET", "/experiments/1").status == 200
    assert request(app, "POST", SEARCH, {}).headers["www-authenticate"] == "Bearer"
    plain = request(app, "POST", SEARCH.replace("/ajax-api", "/api"), {})
    assert plain.headers["www-authenticate"].startswith("Basic ")


def test_sessions_that_ran_out_are_removed_at_the_next_sign_in(users: SqlStore) -> None:
    app = create_app(users, Options(auth="basic"))
    ran_out, _ = new_token("reader", DESCRIPTION, clock.now_ms() - 1)
    kept, _ = new_token("reader", "nightly training", clock.now_ms() - 1)
    users.create_token(ran_out)
    users.create_token(kept)
    request(app, "POST", OPEN, {}, basic("reader"))
    left = {token.token_id for token in users.list_tokens("reader")}
    assert ran_out.token_id not in left
    assert kept.token_id in left
    assert len(left) == 2


def test_a_server_that_asks_nobody_gives_no_cookie(store: SqlStore) -> None:
    opened = request(create_app(store), "POST", OPEN, {}, basic("reader"))
    assert opened.json == {}
    assert "set-cookie" not in opened.headers
