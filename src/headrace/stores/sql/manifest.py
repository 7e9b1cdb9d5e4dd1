from __future__ import annotations

from headrace.entities import ManifestEntry
from headrace.stores.sql.connection import Database, Work

RECORD = (
    "INSERT INTO artifact (root, path, size_bytes, sha256, recorded_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (root, path) DO UPDATE SET "
    "size_bytes = excluded.size_bytes, sha256 = excluded.sha256, recorded_ms = excluded.recorded_ms"
)
# Everything below "a/b" starts with "a/b/", and "0" is the character behind "/".
WITHIN = "root = ? AND (path = ? OR (path >= ? AND path < ?))"


def record(entry: ManifestEntry) -> Work[None]:
    def work(db: Database) -> None:
        db.execute(RECORD, (entry.root, entry.path, entry.size_bytes, entry.sha256, entry.recorded_ms))

    return work


def forget(root: str, path: str) -> Work[None]:
    where, values = _within(root, path)

    def work(db: Database) -> None:
        db.execute(f"DELETE FROM artifact WHERE {where}", values)

    return work


def entries(root: str, path: str) -> Work[list[ManifestEntry]]:
    where, values = _within(root, path)

    def work(db: Database) -> list[ManifestEntry]:
        rows = db.execute(
            f"SELECT root, path, size_bytes, sha256, recorded_ms FROM artifact WHERE {where} ORDER BY path", values
        )
        return [ManifestEntry(*row) for row in rows]

    return work


def _within(root: str, path: str) -> tuple[str, tuple[str, ...]]:
    return (WITHIN, (root, path, f"{path}/", f"{path}0")) if path else ("root = ?", (root,))
