from __future__ import annotations

import pytest

from headrace import clock
from headrace.entities import AccessToken
from headrace.stores.base import AccessStore
from headrace.testing.stores.making import invalid, missing, taken, unique


class AccessStoreSuite:
    """All promises of `stores.base.AccessStore`. Fixture: `access`."""

    def test_user_is_read_back(self, access: AccessStore) -> None:
        name, before = unique("user"), clock.now_ms()
        made = access.create_user(name, "editor", "hash")
        assert (made.username, made.role, made.password_hash) == (name, "editor", "hash")
        assert before <= made.created_ms <= clock.now_ms()
        assert access.get_user(name) == made
        assert access.get_user(name.upper()) is None
        assert made in access.list_users()

    def test_users_are_listed_by_name(self, access: AccessStore) -> None:
        stem = unique("user")
        for letter in "bAc":
            access.create_user(stem + letter, "reader")
        names = [user.username for user in access.list_users() if user.username.startswith(stem)]
        assert names == [stem + letter for letter in "Abc"]

    def test_taken_name_is_refused(self, access: AccessStore) -> None:
        name = unique("user")
        access.create_user(name, "reader")
        with taken(name):
            access.create_user(name, "admin")
        user = access.get_user(name)
        assert user is not None
        assert user.role == "reader"

    @pytest.mark.parametrize("name", ["", "a:b", "a\x00", "u" * 257])
    def test_bad_name_is_refused(self, access: AccessStore, name: str) -> None:
        with invalid("username"):
            access.create_user(name, "reader")

    def test_bad_role_is_refused(self, access: AccessStore) -> None:
        with invalid("role"):
            access.create_user(unique("user"), "king")  # type: ignore[arg-type]

    def test_update_changes_what_it_names(self, access: AccessStore) -> None:
        name = unique("user")
        access.create_user(name, "reader", "hash 1")
        assert access.update_user(name, role="admin").password_hash == "hash 1"  # noqa: S105
        changed = access.update_user(name, password_hash="hash 2")  # noqa: S106
        assert (changed.role, changed.password_hash) == ("admin", "hash 2")
        assert access.get_user(name) == changed

    def test_unknown_user_is_missing(self, access: AccessStore) -> None:
        name = unique("user")
        assert access.get_user(name) is None
        for call in (
            lambda: access.update_user(name, "admin"),
            lambda: access.delete_user(name),
            lambda: access.create_token(AccessToken(unique("t"), name, "0" * 64)),
        ):
            with missing(name):
                call()
        assert access.list_tokens(name) == []

    def test_tokens_belong_to_their_user_and_go_with_them(self, access: AccessStore) -> None:
        name, other = unique("user"), unique("user")
        for each in (name, other):
            access.create_user(each, "reader")
        first = AccessToken(unique("a"), name, "1" * 64, "laptop", 5, None)
        second = AccessToken(unique("b"), name, "2" * 64, "", 6, 99)
        third = AccessToken(unique("c"), other, "3" * 64, "", 7)
        for token in (second, first, third):
            access.create_token(token)
        assert access.get_token(first.token_id) == first
        assert access.list_tokens(name) == [first, second]
        access.delete_token(second.token_id)
        assert access.get_token(second.token_id) is None
        with missing(second.token_id):
            access.delete_token(second.token_id)
        access.delete_user(name)
        assert access.get_token(first.token_id) is None
        assert access.get_token(third.token_id) == third

    def test_taken_token_id_is_refused(self, access: AccessStore) -> None:
        name = unique("user")
        access.create_user(name, "reader")
        token = AccessToken(unique("t"), name, "1" * 64)
        access.create_token(token)
        with taken(token.token_id):
            access.create_token(token)
