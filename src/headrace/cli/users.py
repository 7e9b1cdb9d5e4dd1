"""`headrace users`: works on the server's database, so whoever may read and write that may manage its users."""

from __future__ import annotations

import re
import sys
from typing import get_args

import click

from headrace import clock
from headrace.cli import cells
from headrace.cli.group import Group
from headrace.cli.output import done, say, show, table
from headrace.cli.session import refuse_absent
from headrace.entities import AccessToken, Role, User
from headrace.errors import InvalidValue, NotFound, NotSupported
from headrace.stores.base import AccessStore

DAY_MS = 86_400_000
UNITS_MS = {"h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS, "y": 365 * DAY_MS}
LONGEST_MS = 100 * UNITS_MS["y"]

store_option = click.option(
    "--backend-store-uri",
    envvar=["HEADRACE_BACKEND_STORE_URI", "MLFLOW_BACKEND_STORE_URI"],
    metavar="URI",
    default="./.headrace",
    show_default=True,
    help="The server's database: sqlite:///, postgresql://, folder.",
)
username_argument = click.argument("username")
role_option = click.option(
    "--role",
    type=click.Choice(get_args(Role)),
    required=True,
    help="reader sees everything, editor writes too, admin may do all.",
)
password_option = click.option("--password-stdin", is_flag=True, help="Read it from stdin instead of asking.")


def access(uri: str, *, make: bool = False) -> AccessStore:
    """make: the database may be made, as the server would make it, for the first user of a server to come."""
    from headrace.cli.backend import open_as_server
    from headrace.cli.database import without_password

    if not make:
        refuse_absent(uri)
    store = open_as_server(uri)
    click.get_current_context().call_on_close(store.close)
    if not isinstance(store, AccessStore):
        raise NotSupported(f"The store {without_password(uri)} keeps no users.")
    return store


def asked_password(username: str, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody to ask for a password: use --password-stdin.")
    return str(click.prompt(f"Password of {username}", hide_input=True, confirmation_prompt=True, err=True))


@click.group(cls=Group)
def users() -> None:
    """Manage who may use a server, and their tokens."""


@users.command(
    "create",
    tracking=False,
    examples=[
        "headrace users create alice --role admin --backend-store-uri sqlite:///runs.db",
        "pass show ci | headrace users create ci --role editor --password-stdin",
        "headrace users create robot --role editor --no-password",
    ],
)
@username_argument
@role_option
@password_option
@click.option("--no-password", is_flag=True, help="A user who signs in by token only.")
@store_option
def create(username: str, role: Role, password_stdin: bool, no_password: bool, backend_store_uri: str) -> None:
    """Make a user; the password is asked for."""
    from headrace.server.credentials import hash_password

    if no_password and password_stdin:
        raise click.UsageError("--no-password and --password-stdin exclude each other.")
    store = access(backend_store_uri, make=True)
    password_hash = None if no_password else hash_password(asked_password(username, password_stdin))
    user = store.create_user(username, role, password_hash)
    done(f"Created user '{username}' with role {role}.", _record(user))


@users.command("list", tracking=False, examples=["headrace users list", "headrace users list --json"])
@store_option
def list_(backend_store_uri: str) -> None:
    """List users and their roles."""
    found = access(backend_store_uri).list_users()
    show(
        [_record(user) for user in found],
        lambda: table(
            ["User", "Role", "Signs in by", "Since"],
            [
                [
                    user.username,
                    user.role,
                    "password or token" if user.password_hash else "token",
                    cells.time(user.created_ms),
                ]
                for user in found
            ],
        ),
    )


@users.command("set-role", tracking=False, examples=["headrace users set-role alice --role reader"])
@username_argument
@role_option
@store_option
def set_role(username: str, role: Role, backend_store_uri: str) -> None:
    """Give a user another role. A running server follows within seconds."""
    user = access(backend_store_uri).update_user(username, role=role)
    done(f"User '{username}' has the role {role} now.", _record(user))


@users.command(
    "set-password",
    tracking=False,
    examples=[
        "headrace users set-password alice",
        "pass show alice | headrace users set-password alice --password-stdin",
    ],
)
@username_argument
@password_option
@store_option
def set_password(username: str, password_stdin: bool, backend_store_uri: str) -> None:
    """Give a user another password; browsers are signed out, other tokens stay."""
    from headrace.server.credentials import hash_password
    from headrace.server.session import end_sessions

    store = access(backend_store_uri)
    _existing(store, username)
    password_hash = hash_password(asked_password(username, password_stdin))
    user = store.update_user(username, password_hash=password_hash)
    ended = end_sessions(store, username)
    signed_out = f" Browsers signed out: {ended}." if ended else ""
    done(f"User '{username}' has a new password.{signed_out}", _record(user))


@users.command("delete", tracking=False, examples=["headrace users delete alice"])
@username_argument
@store_option
def delete(username: str, backend_store_uri: str) -> None:
    """Remove a user and their tokens; their runs stay."""
    access(backend_store_uri).delete_user(username)
    done(f"User '{username}' has been removed.", {"username": username})


@users.group(cls=Group)
def tokens() -> None:
    """Manage the access tokens of users."""


@tokens.command(
    "create",
    tracking=False,
    examples=[
        'headrace users tokens create alice --description "nightly training" --expires 90d',
        "export HEADRACE_TRACKING_TOKEN=$(headrace users tokens create alice)",
    ],
)
@username_argument
@click.option("--description", default="", metavar="TEXT", help="What it is for.")
@click.option("--expires", metavar="TIME", help="Such as 12h, 90d, 8w, 1y; never if absent.")
@store_option
def create_token(username: str, description: str, expires: str | None, backend_store_uri: str) -> None:
    """Make a token and print it: this once, it can't be shown again."""
    from headrace.server.credentials import new_token

    store = access(backend_store_uri)
    expires_ms = clock.now_ms() + lifetime_ms(expires) if expires else None
    token, text = new_token(username, description, expires_ms)
    store.create_token(token)
    done(text, _token_record(token) | {"token": text})
    say(f"Token {token.token_id} of '{username}'; clients send it by HEADRACE_TRACKING_TOKEN or MLFLOW_TRACKING_TOKEN.")


@tokens.command("list", tracking=False, examples=["headrace users tokens list alice"])
@username_argument
@store_option
def list_tokens(username: str, backend_store_uri: str) -> None:
    """List a user's tokens, without their secrets."""
    store = access(backend_store_uri)
    _existing(store, username)
    found = store.list_tokens(username)
    show(
        [_token_record(token) for token in found],
        lambda: table(
            ["Token", "For", "Made", "Expires"],
            [
                [
                    token.token_id,
                    cells.one_line(token.description) or cells.MISSING,
                    cells.time(token.created_ms),
                    _expiry(token),
                ]
                for token in found
            ],
        ),
    )


@tokens.command("revoke", tracking=False, examples=["headrace users tokens revoke 3f9a1c0b7d5e2468"])
@click.argument("token_id", metavar="TOKEN")
@store_option
def revoke(token_id: str, backend_store_uri: str) -> None:
    """Make a token worthless. A running server follows within seconds."""
    from headrace.server.credentials import split_token

    # The whole token is taken too: it is what one has at hand when it has leaked.
    parts = split_token(token_id)
    chosen = parts[0] if parts else token_id
    access(backend_store_uri).delete_token(chosen)
    done(f"Token {chosen} has been revoked.", {"token_id": chosen})


def lifetime_ms(text: str) -> int:
    found = re.fullmatch(r"(\d{1,9})([hdwy])", text.strip())
    if found is None or not 0 < int(found[1]) * UNITS_MS[found[2]] <= LONGEST_MS:
        raise InvalidValue("--expires", text, "write a number and h, d, w or y, such as 90d; at most 100y.")
    return int(found[1]) * UNITS_MS[found[2]]


def _existing(store: AccessStore, username: str) -> None:
    if store.get_user(username) is None:
        raise NotFound("user", username, by="name")


def _record(user: User) -> dict[str, object]:
    return {
        "username": user.username,
        "role": user.role,
        "has_password": user.password_hash is not None,
        "created_ms": user.created_ms,
    }


def _token_record(token: AccessToken) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "username": token.username,
        "description": token.description,
        "created_ms": token.created_ms,
        "expires_ms": token.expires_ms,
    }


def _expiry(token: AccessToken) -> str:
    if token.expires_ms is None:
        return "never"
    gone = " (expired)" if token.expires_ms <= clock.now_ms() else ""
    return cells.time(token.expires_ms) + gone
