"""What `headrace doctor` looks at. A check changes nothing and returns what it found; a problem carries its way out."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from headrace import clock, settings
from headrace.cli import cells
from headrace.cli.database import look, opened_sqlite, without_password
from headrace.cli.db import SENTENCES
from headrace.cli.session import database_file, session
from headrace.errors import HeadraceError

PACKAGES = (
    "numpy",
    "msgspec",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "urllib3",
    "psycopg",
    "obstore",
    "pandas",
    "polars",
)
SECRETS = ("PASSWORD", "TOKEN", "SECRET", "CREDENTIAL")  # a variable whose name holds one of these
HTTP_TIMEOUT_S = 5.0
SKEW_WARN_S = 5.0  # the Date header has whole seconds; runs from several machines still sort within these
SCARCE_BYTES = 1 << 30
EXHAUSTED_BYTES = 50 << 20  # SQLite's WAL of one busy minute
QUICK_CHECK_BYTES = 512 << 20  # above that the check takes longer than one waits for


class Finding(msgspec.Struct, frozen=True):
    """state: "ok", "info", "warn" or "broken". way_out: the next step, for the latter two."""

    what: str
    state: str
    detail: str
    way_out: str = ""


def examine(*, mask_all: bool = False, contents: bool = False) -> list[Finding]:
    """contents: reads every byte of every registered version."""
    from headrace.cli import checks_journals, checks_models, checks_webhooks
    from headrace.client.uri import get_tracking_uri

    found = [*_versions(), *_settings(mask_all), *_strangers()]
    try:
        uri = get_tracking_uri()
    except HeadraceError as error:
        return [*found, Finding("tracking URI", "broken", error.message, "Correct or unset the variable.")]
    models = _checked(lambda: checks_models.examine(contents=contents), "registry")
    store = list(_store(uri))
    answers = all(finding.state != "broken" for finding in store)
    webhooks = _checked(checks_webhooks.examine, "webhooks") if answers else ()
    journals = _checked(checks_journals.examine, "journals")
    return [*found, _origin(uri), *store, *journals, *models, *webhooks]


def _versions() -> Iterator[Finding]:
    from headrace import __version__

    yield Finding("headrace", "info", __version__)
    yield Finding("python", "info", f"{platform.python_version()} ({sys.executable}), {platform.platform()}")
    yield Finding("sqlite", "info", sqlite3.sqlite_version)
    installed = []
    for name in PACKAGES:
        try:
            installed.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    yield Finding("packages", "info", ", ".join(installed))


def _settings(mask_all: bool) -> Iterator[Finding]:
    for setting in settings.SETTINGS.values():
        if setting is settings.TRACKING_URI and session().uri_given:
            continue  # the option wins, and children find it in these variables
        for name in setting.names:
            if not os.environ.get(name):
                continue
            try:
                setting.get()
                yield Finding("setting", "info", f"{name}={_shown(name, mask_all)}")
            except HeadraceError as error:
                yield Finding("setting", "broken", error.message, "Correct or unset it.")
                break


def _shown(name: str, mask_all: bool) -> str:
    if mask_all or any(word in name for word in SECRETS):
        return "***"
    return without_password(os.environ[name])


def _strangers() -> Iterator[Finding]:
    """Variables with our prefix that nobody reads: misspelt ones do nothing, silently."""
    from headrace.cli.server import server

    known = {name for setting in settings.SETTINGS.values() for name in setting.names}
    for option in server.params:
        known |= {option.envvar} if isinstance(option.envvar, str) else {*(option.envvar or ())}
    for name in sorted(os.environ):
        if name.startswith("HEADRACE_") and name not in known and not name.startswith("HEADRACE_TEST_"):
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Unset it, or look it up in the documentation."
            yield Finding("setting", "warn", f"{name} is not a setting of Headrace", hint)


def _origin(uri: str) -> Finding:
    named = next((name for name in settings.TRACKING_URI.names if os.environ.get(name)), "the default: ./.headrace")
    source = "--tracking-uri" if session().uri_given else named
    return Finding("tracking URI", "info", f"{without_password(uri)} ({source})")


def _store(uri: str) -> Iterator[Finding]:
    scheme = urlsplit(uri).scheme.partition("+")[0] if ":" in uri else ""
    if scheme in ("http", "https"):
        yield from _checked(lambda: _server(uri))
    elif database_file(uri) is not None or scheme in ("postgresql", "postgres"):
        path = database_file(uri)
        if path is not None:
            yield from _disk(path)
        if path is None or path.exists():
            yield from _checked(lambda: _database(uri, path))
        else:
            yield Finding("store", "info", f"{path} isn't there yet; the first run makes it")
    else:
        yield from _checked(lambda: _any_store(uri))


def _checked(check: Callable[[], Iterator[Finding]], what: str = "store") -> Iterator[Finding]:
    from headrace.cli.problem import advice

    try:
        yield from check()
    except HeadraceError as error:
        step = advice(error)
        yield Finding(what, "broken", error.message, "" if "headrace doctor" in step else step)


def _any_store(uri: str) -> Iterator[Finding]:
    from headrace.client.open import tracking_store

    tracking_store(uri).search_experiments(max_results=1)
    yield Finding("store", "ok", "it answers")


def _server(uri: str) -> Iterator[Finding]:
    from headrace.client.rest_store.address import resolve
    from headrace.net.auth import Authenticated
    from headrace.net.message import Request
    from headrace.net.pool import PoolTransport
    from headrace.net.problems import raise_for_status

    address = resolve(uri)
    pool = PoolTransport()
    transport = Authenticated(pool, address.authorization)
    try:
        before_ms = clock.now_ms()
        started = clock.monotonic_s()
        answer = transport.send(Request(method="GET", url=f"{address.base}/version", timeout_s=HTTP_TIMEOUT_S))
        took_ms = (clock.monotonic_s() - started) * 1000
        raise_for_status(f"{address.base}/version", answer)
        ours = answer.headers.get("x-headrace-version")
        name = f"Headrace {ours}" if ours else "an MLflow server"
        said = cells.one_line(answer.body.decode("utf-8", "replace"), 40)
        yield Finding("server", "ok", f"{name}, API of MLflow {said}, answers in {took_ms:.0f} ms")
        yield from _clock_skew(answer.headers.get("date", ""), before_ms, took_ms)
        url = f"{address.base}/api/2.0/mlflow/experiments/search?max_results=1"
        answer = transport.send(Request(method="GET", url=url, timeout_s=HTTP_TIMEOUT_S))
        raise_for_status(url, answer)
        who = "with the credentials that are set" if address.authorization() else "without credentials"
        yield Finding("access", "ok", f"experiments can be read {who}")
    finally:
        pool.close()


def _clock_skew(date: str, before_ms: int, took_ms: float) -> Iterator[Finding]:
    try:
        server_ms = parsedate_to_datetime(date).timestamp() * 1000 + 500  # whole seconds: the middle of that second
    except ValueError:
        return
    skew_s = (server_ms - (before_ms + took_ms / 2)) / 1000
    if abs(skew_s) > SKEW_WARN_S:
        way = "ahead of" if skew_s > 0 else "behind"
        yield Finding(
            "clock",
            "warn",
            f"the server's clock is {abs(skew_s):.0f} s {way} this machine's",
            "Let both machines take their time from NTP: times of runs and points come from the machine that logs.",
        )
    else:
        yield Finding("clock", "ok", "agrees with the server's")


def _database(uri: str, path: Path | None) -> Iterator[Finding]:
    found = look(uri)
    yield Finding("store", "ok", f"{found.server} answers")
    bad = found.state in ("newer", "mlflow", "foreign")
    state = "broken" if bad else "info" if found.state == "older" else "ok"
    yield Finding(
        "schema", state, f"{found.schema or 'none'}, newest known {found.newest}", SENTENCES[found.state] if bad else ""
    )
    if path is not None and found.state == "current":
        yield from _sqlite(path, found.journal_mode)


def _sqlite(path: Path, journal_mode: str | None) -> Iterator[Finding]:
    size = path.stat().st_size
    if journal_mode != "wal":
        yield Finding(
            "durability",
            "warn",
            f"the journal mode is {journal_mode}, not WAL: readers and the writer wait for each other",
            "Any command that writes to the store sets it back; let no other program change it.",
        )
    else:
        yield Finding("durability", "ok", f"write-ahead log, {cells.size(size)}; what was acknowledged is on disk")
    if size > QUICK_CHECK_BYTES:
        yield Finding("integrity", "info", f"not checked above {cells.size(QUICK_CHECK_BYTES)}")
        return
    with opened_sqlite(path) as connection:
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if said == "ok":
        yield Finding("integrity", "ok", "the database is sound")
    else:
        yield Finding(
            "integrity",
            "broken",
            f"the database is damaged: {cells.one_line(said)}",
            f"Stop what writes to it, keep a copy, then: sqlite3 {path} .recover | sqlite3 mended.db",
        )


def _disk(path: Path) -> Iterator[Finding]:
    from headrace.stores.sql.sqlite_files import NETWORK_FILE_SYSTEMS, file_system_type

    folder = next(parent for parent in path.absolute().parents if parent.is_dir())
    kind = file_system_type(folder.resolve())
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding(
            "file system",
            "broken",
            f"{folder} lies on a network file system ({kind}), where SQLite loses data",
            "Put the store on a local disk, or use a server's http:// address, or postgresql://.",
        )
    elif kind is not None:
        yield Finding("file system", "ok", f"{kind}, local")
    if not os.access(folder, os.W_OK):
        yield Finding(
            "file system", "broken", f"this user may not write to {folder}", "Change its owner, or name another place."
        )
    free = shutil.disk_usage(folder).free
    detail = f"{cells.size(free)} free at {folder}"
    if free < EXHAUSTED_BYTES:
        yield Finding("disk", "broken", detail, "Make room: the next write fails.")
    elif free < SCARCE_BYTES:
        yield Finding("disk", "warn", detail, "Make room before the next long training.")
    else:
        yield Finding("disk", "ok", detail)
