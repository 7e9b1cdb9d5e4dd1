"""Tags of models and versions as rows. An index holds the beginnings of their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headrace.stores.sql.connection import Database
from headrace.stores.sql.migrations.revisions import INDEXED_VALUE_CHARS


class TagTable(NamedTuple):
    """ref: the column that says whose tag it is."""

    name: str
    ref: str

    def put(self, db: Database, owner: int, tags: Mapping[str, str]) -> None:
        db.executemany(
            f"INSERT INTO {self.name} ({self.ref}, key, value, start) VALUES (?, ?, ?, ?) "
            f"ON CONFLICT ({self.ref}, key) DO UPDATE SET value = excluded.value, start = excluded.start",
            [(owner, key, value, start(value)) for key, value in tags.items()],
        )

    def get(self, db: Database, owner: int, key: str) -> str | None:
        row = db.execute(f"SELECT value FROM {self.name} WHERE {self.ref} = ? AND key = ?", (owner, key)).fetchone()
        return None if row is None else row[0]

    def remove(self, db: Database, owner: int, key: str) -> None:
        db.execute(f"DELETE FROM {self.name} WHERE {self.ref} = ? AND key = ?", (owner, key))

    def all_of(self, db: Database, owners: list[int]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        rows = db.execute(
            f"SELECT {self.ref}, key, value FROM {self.name} WHERE {self.ref} {db.any_of}", (db.among(owners),)
        )
        for owner, key, value in rows:
            found.setdefault(owner, {})[key] = value
        return found


def start(value: str) -> str:
    return value[:INDEXED_VALUE_CHARS]


OF_MODELS = TagTable("registered_model_tag", "model_ref")
OF_VERSIONS = TagTable("model_version_tag", "version_ref")
