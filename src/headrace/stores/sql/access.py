"""Users and tokens."""

from __future__ import annotations

from headrace import clock
from headrace.entities import AccessToken, Role, User
from headrace.errors import AlreadyExists, NotFound
from headrace.stores import checks
from headrace.stores.sql.connection import Database, Work

USERS = "SELECT username, role, password_hash, created_ms FROM account"
TOKENS = "SELECT token_id, username, secret_hash, description, created_ms, expires_ms FROM access_token"


def create_user(username: str, role: Role, password_hash: str | None) -> Work[User]:
    user = User(checks.username(username), checks.role(role), password_hash, clock.now_ms())

    def work(db: Database) -> User:
        made = db.execute(
            "INSERT INTO account (username, role, password_hash, created_ms) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (username) DO NOTHING",
            (user.username, user.role, user.password_hash, user.created_ms),
        )
        if made.rowcount == 0:
            raise AlreadyExists("user", username)
        return user

    return work


def get_user(db: Database, username: str) -> User | None:
    row = db.execute(f"{USERS} WHERE username = ?", (username,)).fetchone()
    return None if row is None else User(*row)


def list_users(db: Database) -> list[User]:
    return [User(*row) for row in db.execute(f"{USERS} ORDER BY username")]


def update_user(username: str, role: Role | None, password_hash: str | None) -> Work[User]:
    if role is not None:
        checks.role(role)

    def work(db: Database) -> User:
        db.execute(
            "UPDATE account SET role = coalesce(?, role), password_hash = coalesce(?, password_hash) "
            "WHERE username = ?",
            (role, password_hash, username),
        )
        return _existing(db, username)

    return work


def delete_user(username: str) -> Work[None]:
    def work(db: Database) -> None:
        _existing(db, username)
        db.execute("DELETE FROM access_token WHERE username = ?", (username,))
        db.execute("DELETE FROM account WHERE username = ?", (username,))

    return work


def _existing(db: Database, username: str) -> User:
    user = get_user(db, username)
    if user is None:
        raise NotFound("user", username, by="name")
    return user


def create_token(token: AccessToken) -> Work[None]:
    def work(db: Database) -> None:
        _existing(db, token.username)
        made = db.execute(
            "INSERT INTO access_token (token_id, username, secret_hash, description, created_ms, expires_ms) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (token_id) DO NOTHING",
            (
                token.token_id,
                token.username,
                token.secret_hash,
                token.description,
                token.created_ms,
                token.expires_ms,
            ),
        )
        if made.rowcount == 0:
            raise AlreadyExists("token", token.token_id, by="id")

    return work


def get_token(db: Database, token_id: str) -> AccessToken | None:
    row = db.execute(f"{TOKENS} WHERE token_id = ?", (token_id,)).fetchone()
    return None if row is None else AccessToken(*row)


def list_tokens(db: Database, username: str) -> list[AccessToken]:
    rows = db.execute(f"{TOKENS} WHERE username = ? ORDER BY created_ms, token_id", (username,))
    return [AccessToken(*row) for row in rows]


def delete_token(token_id: str) -> Work[None]:
    def work(db: Database) -> None:
        if db.execute("DELETE FROM access_token WHERE token_id = ?", (token_id,)).rowcount == 0:
            raise NotFound("token", token_id)

    return work
