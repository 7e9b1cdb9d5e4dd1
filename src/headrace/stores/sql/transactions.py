from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from headrace.stores.sql.connection import Work
from headrace.stores.sql.document_cache import DocumentCache

T = TypeVar("T")


class Transactions:
    """How the parts of the store reach the database."""

    artifact_root: str
    documents: DocumentCache
    appended: Callable[[], None]

    def _read(self, work: Work[T]) -> T:
        raise NotImplementedError

    def _write(self, work: Work[T]) -> T:
        raise NotImplementedError
