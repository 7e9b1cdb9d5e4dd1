from __future__ import annotations

import msgspec

from headrace import clock
from headrace.entities import AccessToken, Role, User
from headrace.errors import AlreadyExists, NotFound
from headrace.stores import checks
from headrace.stores.base import AccessStore
from headrace.stores.memory.state import State


class MemoryAccess(State, AccessStore):
    def create_user(self, username: str, role: Role, password_hash: str | None = None) -> User:
        user = User(checks.username(username), checks.role(role), password_hash, clock.now_ms())
        with self.lock:
            if username in self.users:
                raise AlreadyExists("user", username)
            self.users[username] = user
        return user

    def get_user(self, username: str) -> User | None:
        with self.lock:
            return self.users.get(username)

    def list_users(self) -> list[User]:
        with self.lock:
            return sorted(self.users.values(), key=lambda user: user.username)

    def update_user(self, username: str, role: Role | None = None, password_hash: str | None = None) -> User:
        with self.lock:
            user = self._user(username)
            self.users[username] = msgspec.structs.replace(
                user,
                role=checks.role(role) if role is not None else user.role,
                password_hash=password_hash if password_hash is not None else user.password_hash,
            )
            return self.users[username]

    def delete_user(self, username: str) -> None:
        with self.lock:
            self._user(username)
            del self.users[username]
            self.tokens = {key: token for key, token in self.tokens.items() if token.username != username}

    def _user(self, username: str) -> User:
        if username not in self.users:
            raise NotFound("user", username, by="name")
        return self.users[username]

    def create_token(self, token: AccessToken) -> None:
        with self.lock:
            self._user(token.username)
            if token.token_id in self.tokens:
                raise AlreadyExists("token", token.token_id, by="id")
            self.tokens[token.token_id] = token

    def get_token(self, token_id: str) -> AccessToken | None:
        with self.lock:
            return self.tokens.get(token_id)

    def list_tokens(self, username: str) -> list[AccessToken]:
        with self.lock:
            own = [token for token in self.tokens.values() if token.username == username]
        return sorted(own, key=lambda token: (token.created_ms, token.token_id))

    def delete_token(self, token_id: str) -> None:
        with self.lock:
            if self.tokens.pop(token_id, None) is None:
                raise NotFound("token", token_id)
