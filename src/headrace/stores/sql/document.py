"""Params and tags of a run: index rows for searches, and beside them one ready JSON array each for answers.

Both are written in the same transaction. A document over DOCUMENT_CHARS is given up (NULL), since every write copies
it: then the rows are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from headrace.entities import Param
from headrace.stores import checks
from headrace.stores.sql.connection import Database

DOCUMENT_CHARS = 100_000

_decode = msgspec.json.Decoder(list[Param]).decode
_encode = msgspec.json.Encoder().encode

SET_TAG = (
    "INSERT INTO tag (run_ref, key_ref, experiment_id, value) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run_ref, key_ref) DO UPDATE SET value = excluded.value"
)
ADD_PARAM = "INSERT INTO param (run_ref, key_ref, experiment_id, value) VALUES (?, ?, ?, ?)"


def packed(items: Mapping[str, str]) -> str:
    return _encode([Param(key, value) for key, value in items.items()]).decode()


def unpacked(document: str) -> dict[str, str]:
    return {each.key: each.value for each in _decode(document)}


def create(db: Database, ref: int, experiment_id: int, tags: Mapping[str, str]) -> None:
    numbers = db.names.ensure(db, tags)
    db.executemany(SET_TAG, [(ref, numbers[key], experiment_id, value) for key, value in tags.items()])
    db.execute("INSERT INTO run_document (run_ref, params, tags) VALUES (?, '[]', ?)", (ref, _if_short(packed(tags))))


def add_params(db: Database, run_id: str, ref: int, experiment_id: int, params: Mapping[str, str]) -> None:
    """InvalidValue where one is there with another value."""
    document = db.execute("SELECT params FROM run_document WHERE run_ref = ?", (ref,)).fetchone()[0]
    there = rows(db, "param", ref, params) if document is None else unpacked(document)
    new = {}
    for key, value in params.items():
        old = there.get(key)
        if old is None:
            new[key] = value
        elif old != value:
            raise checks.param_conflict(run_id, key, old, value)
    if not new:
        return
    numbers = db.names.ensure(db, new)
    db.executemany(ADD_PARAM, [(ref, numbers[key], experiment_id, value) for key, value in new.items()])
    if document is not None:
        added = packed(new)
        longer = added if document == "[]" else f"{document[:-1]},{added[1:]}"
        db.execute("UPDATE run_document SET params = ? WHERE run_ref = ?", (_if_short(longer), ref))


def change_param(db: Database, ref: int, key: str, value: str) -> str | None:
    """The value before; None, and nothing is done, where there is no such param."""
    number = db.names.find(db, key)
    row = db.execute("SELECT value FROM param WHERE run_ref = ? AND key_ref = ?", (ref, number)).fetchone()
    if row is None:
        return None
    db.execute("UPDATE param SET value = ? WHERE run_ref = ? AND key_ref = ?", (value, ref, number))
    document = db.execute("SELECT params FROM run_document WHERE run_ref = ?", (ref,)).fetchone()[0]
    if document is not None:
        changed = packed({**unpacked(document), key: value})
        db.execute("UPDATE run_document SET params = ? WHERE run_ref = ?", (_if_short(changed), ref))
    return str(row[0])


def set_tags(db: Database, ref: int, experiment_id: int, tags: Mapping[str, str]) -> None:
    document = db.execute("SELECT tags FROM run_document WHERE run_ref = ?", (ref,)).fetchone()[0]
    there = {} if document is None else unpacked(document)
    new = {key: value for key, value in tags.items() if there.get(key) != value}
    if not new:
        return
    numbers = db.names.ensure(db, new)
    # Ascending keys: several servers then lock the rows in the same order.
    db.executemany(SET_TAG, sorted((ref, numbers[key], experiment_id, value) for key, value in new.items()))
    if document is not None:
        db.execute("UPDATE run_document SET tags = ? WHERE run_ref = ?", (_if_short(packed({**there, **new})), ref))


def tag(db: Database, ref: int, key: str) -> str | None:
    number = db.names.find(db, key)
    row = db.execute("SELECT value FROM tag WHERE run_ref = ? AND key_ref = ?", (ref, number)).fetchone()
    return None if row is None else row[0]


def delete_tag(db: Database, ref: int, key: str) -> bool:
    """False where there is none of that key."""
    number = db.names.find(db, key)
    if number is None or not db.execute("DELETE FROM tag WHERE run_ref = ? AND key_ref = ?", (ref, number)).rowcount:
        return False
    document = db.execute("SELECT tags FROM run_document WHERE run_ref = ?", (ref,)).fetchone()[0]
    if document is not None:
        kept = unpacked(document)
        del kept[key]
        db.execute("UPDATE run_document SET tags = ? WHERE run_ref = ?", (packed(kept), ref))
    return True


def params_of(db: Database, ref: int, document: str | None) -> dict[str, str]:
    return rows(db, "param", ref) if document is None else unpacked(document)


def tags_of(db: Database, ref: int, document: str | None) -> dict[str, str]:
    return rows(db, "tag", ref) if document is None else unpacked(document)


def rows(db: Database, table: str, ref: int, keys: Iterable[str] | None = None) -> dict[str, str]:
    wanted = None if keys is None else [db.names.find(db, key) for key in keys]
    if wanted is None:
        found = db.execute(f"SELECT key_ref, value FROM {table} WHERE run_ref = ?", (ref,)).fetchall()
    else:
        among = db.among([number for number in wanted if number is not None])
        found = db.execute(
            f"SELECT key_ref, value FROM {table} WHERE run_ref = ? AND key_ref {db.any_of}", (ref, among)
        ).fetchall()
    texts = db.names.texts(db, [row[0] for row in found])
    return {texts[key]: value for key, value in found}


def _if_short(document: str) -> str | None:
    return document if len(document) <= DOCUMENT_CHARS else None
