"""What the journal tells: by model's name, now or once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.entities import Act, Page, RegistryEvent, limits
from headrace.errors import Corrupt, NotFound
from headrace.stores import registry_checks as checks
from headrace.stores import registry_journal, tokens
from headrace.stores.registry_checks import HistorySearch
from headrace.stores.sql import keyset
from headrace.stores.sql.conditions import Part, joined
from headrace.stores.sql.connection import Database, Work
from headrace.stores.sql.keyset import Term
from headrace.stores.sql.registry import journal
from headrace.stores.sql.registry.journal import held

NAMED = "SELECT id, chain, revision FROM registered_model WHERE name = ? AND deleted_ms IS {} ORDER BY id"
ONCE_NAMED = (
    "SELECT m.id, m.chain, m.revision FROM registered_model_former f JOIN registered_model m ON m.id = f.model_ref "
    "WHERE f.name = ? ORDER BY m.id"
)
OF_MODEL = f"SELECT {journal.COLUMNS} FROM registry_event WHERE model_ref = ? ORDER BY id"
ALL = Part("1 = 1")
_PLACE = [Term("id", "int", descending=True)]


def search(wanted: HistorySearch, max_results: int, page_token: str | None) -> Work[Page[RegistryEvent]]:
    digest = tokens.search_digest("registry history", wanted)
    place = keyset.checked_place(page_token, tokens.decode(page_token, digest), _PLACE) if page_token else None
    tests = [
        Part(f"{column} {op} ?", (value,))
        for column, op, value in (
            ("version", "=", wanted.version),
            ("key", "=", wanted.key),
            ("timestamp", ">=", wanted.since_ms),
            ("timestamp", "<=", wanted.until_ms),
            ("id", "<", place and place[0]),
        )
        if value is not None
    ]

    def work(db: Database) -> Page[RegistryEvent]:
        refs = [row[0] for row in _ever_named(db, wanted.name)]
        scope = [Part(f"model_ref {db.any_of}", (db.among(refs),)), *tests]
        if wanted.kinds:
            scope.append(Part(f"kind {db.any_of}", (db.among(wanted.kinds),)))
        where = joined(scope, " AND ")
        rows = db.execute(
            f"SELECT {journal.COLUMNS} FROM registry_event WHERE {where.sql} ORDER BY id DESC LIMIT ?",
            (*where.values, max_results + 1),
        ).fetchall()
        kept = rows[:max_results]
        token = tokens.encode(digest, [kept[-1][0]]) if len(rows) > len(kept) else None
        return Page(journal.events(kept), token)

    return work


def _ever_named(db: Database, name: str) -> list[Any]:
    """(id, chain, revision) of the models whose history the name stands for, oldest first."""
    rows = (
        db.execute(NAMED.format("NOT NULL"), (name,)).fetchall() + db.execute(NAMED.format("NULL"), (name,)).fetchall()
    )
    rows = rows or db.execute(ONCE_NAMED, (name,)).fetchall()
    if not rows:
        raise NotFound("registered model", name, by="name", hint="None was ever named so.")
    return rows


def alias_at(name: str, alias: str, at_ms: int) -> Work[RegistryEvent | None]:
    checks.model_name(name)
    checks.alias(alias)
    limits.check_int64("at_ms", at_ms)
    kinds = (*registry_journal.ALIAS_KINDS, *registry_journal.END_KINDS, *registry_journal.NAME_KINDS)

    def work(db: Database) -> RegistryEvent | None:
        test = Part("(kind NOT IN (?, ?) OR key = ?)", (*registry_journal.ALIAS_KINDS, alias))
        return registry_journal.alias_event_of_any(_until(db, name, at_ms, kinds, test), name, alias)

    return work


def stage_at(name: str, stage: str, at_ms: int) -> Work[list[RegistryEvent]]:
    checks.model_name(name)
    wanted = checks.stage(stage)
    limits.check_int64("at_ms", at_ms)
    kinds = (*registry_journal.STAGE_KINDS, *registry_journal.END_KINDS, *registry_journal.NAME_KINDS)

    def work(db: Database) -> list[RegistryEvent]:
        return registry_journal.stage_events_of_any(_until(db, name, at_ms, kinds), name, wanted)

    return work


def _until(db: Database, name: str, at_ms: int, kinds: Sequence[str], test: Part = ALL) -> list[list[RegistryEvent]]:
    """Entries of these kinds up to that time, of each model that the name stands for."""
    return [
        journal.events(
            db.execute(
                f"SELECT {journal.COLUMNS} FROM registry_event WHERE model_ref = ? AND timestamp <= ? "
                f"AND kind {db.any_of} AND {test.sql} ORDER BY id",
                (row[0], at_ms, db.among(list(kinds)), *test.values),
            )
        )
        for row in _ever_named(db, name)
    ]


def verify(name: str) -> Work[list[RegistryEvent]]:
    checks.model_name(name)

    def work(db: Database) -> list[RegistryEvent]:
        wrong: list[RegistryEvent] = []
        for ref, chain, revision in _ever_named(db, name):
            entries = journal.events(db.execute(OF_MODEL, (ref,)))
            if revision and not entries:
                raise Corrupt(f"The journal of registered model {name!r} is gone: it had {revision} entries.")
            wrong += registry_journal.broken(entries, chain)
        return wrong

    return work


def take_over(name: str, events: Sequence[RegistryEvent], act: Act) -> Work[None]:
    checks.model_name(name)
    checks.events_to_import(events)
    checks.act(act)

    def work(db: Database) -> None:
        model = held(db, name, act)
        checks.only_created(name, model.revision)
        for event in events:
            model.keep(event)
        before = registry_journal.name_after(events[-1]) if events else None
        model.add("imported", before=before, after=str(len(events)))
        model.close()

    return work
