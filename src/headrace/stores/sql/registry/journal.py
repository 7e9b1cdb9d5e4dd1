"""The journal of one registered model within a transaction that writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from headrace import clock
from headrace.entities import Act, EventKind, RegistryEvent
from headrace.stores import registry_journal
from headrace.stores.sql.connection import Database
from headrace.stores.sql.registry import records
from headrace.stores.sql.webhook_queue import enqueue

HOLD = (
    "SELECT id, prompt, versions, revision, event_ms, chain, description, policy FROM registered_model "
    "WHERE name = ? AND deleted_ms IS NULL"
)
HELD_VERSION = "SELECT id, stage, description, source, digest FROM model_version WHERE name = ? AND number = ?"
COLUMNS = "id, timestamp, kind, name, version, key, before, after, digest, who, comment, chain"
ADD = (
    "INSERT INTO registry_event (model_ref, timestamp, kind, name, version, key, before, after, digest, who, comment, "
    "chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)


class Journal:
    """A model that this transaction holds, and what is added to its journal. `close` is the last thing to do."""

    def __init__(self, db: Database, name: str, act: Act, row: Sequence[Any]) -> None:
        """row: of HOLD."""
        self.db, self.name, self.act = db, name, act
        self.ref, prompt, self.versions, self.revision, self.event_ms, self.chain, self.description, self.policy = row
        self.prompt = bool(prompt)

    def add(
        self,
        kind: EventKind,
        *,
        version: int | None = None,
        key: str = "",
        before: str | None = None,
        after: str | None = None,
        digest: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """The time of the entry, never before the model's last one. data: for webhooks."""
        event = RegistryEvent(
            event_id=0,
            timestamp=max(clock.now_ms(), self.event_ms),
            kind=kind,
            name=self.name,
            version=None if version is None else str(version),
            key=key,
            before=before,
            after=after,
            digest=digest,
            who=self.act.who,
            comment=self.act.comment,
        )
        self.event_ms = event.timestamp
        enqueue(self.db, self.keep(event), data or {}, prompt=self.prompt)
        return event.timestamp

    def keep(self, event: RegistryEvent) -> RegistryEvent:
        self.chain = registry_journal.chained(self.chain, event)
        self.revision += 1
        content = (event.timestamp, event.kind, event.name, event.version, event.key, event.before, event.after)
        row = (self.ref, *content, event.digest, event.who, event.comment, self.chain)
        return registry_journal.numbered(event, self.db.execute(ADD, row).fetchone()[0], self.chain)

    def close(self, **columns: Any) -> None:
        """columns: what else changes in the model's row."""
        changes = {"revision": self.revision, "event_ms": self.event_ms, "chain": self.chain, **columns}
        settings = ", ".join(f"{column} = ?" for column in changes)
        self.db.execute(f"UPDATE registered_model SET {settings} WHERE id = ?", (*changes.values(), self.ref))


def held(db: Database, name: str, act: Act) -> Journal:
    row = db.execute(HOLD + db.for_update, (name,)).fetchone()
    if row is None:
        raise records.no_model(name)
    return Journal(db, name, act, row)


class HeldVersion:
    """A version whose model this transaction holds."""

    def __init__(self, db: Database, name: str, number: int, act: Act) -> None:
        self.model = held(db, name, act)
        row = db.execute(HELD_VERSION, (name, number)).fetchone()
        if row is None:
            raise records.no_version(db, name, str(number))
        self.number = number
        self.ref, stage, self.description, self.source, self.digest = row
        self.stage = records.stage_name(stage)


def events(rows: Iterable[Sequence[Any]]) -> list[RegistryEvent]:
    """rows of COLUMNS."""
    return [
        RegistryEvent(
            event_id=number,
            timestamp=timestamp,
            kind=kind,
            name=name,
            version=version,
            key=key,
            before=before,
            after=after,
            digest=digest,
            who=who,
            comment=comment,
            chain=chain,
        )
        for number, timestamp, kind, name, version, key, before, after, digest, who, comment, chain in rows
    ]
