"""Data that a run read: where it came from, a digest by which it is recognised, its columns and its size."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from headrace import entities
from headrace.datasets.schema import Schema
from headrace.datasets.sources import DatasetSource, as_source
from headrace.entities import limits

DEFAULT_NAME = "dataset"


class Dataset(ABC):
    """name: default "dataset". digest: 8 hex digits computed from the content, or what the caller gave."""

    def __init__(
        self, source: DatasetSource | str | None = None, name: str | None = None, digest: str | None = None
    ) -> None:
        self._source = as_source(source)
        self._name = name or DEFAULT_NAME
        self._digest = digest

    @property
    def source(self) -> DatasetSource:
        return self._source

    @property
    def name(self) -> str:
        return self._name

    @property
    def digest(self) -> str:
        if self._digest is None:
            self._digest = self._compute_digest()
        return self._digest

    @property
    @abstractmethod
    def schema(self) -> Schema | None: ...

    @property
    @abstractmethod
    def profile(self) -> dict[str, Any] | None: ...

    @abstractmethod
    def _compute_digest(self) -> str: ...

    def to_dict(self) -> dict[str, str | None]:
        """The JSON fields of a logged dataset; source, schema and profile are JSON themselves."""
        schema = None if self.schema is None else json.dumps(self.schema.to_dict(), ensure_ascii=False)
        if schema is not None and len(schema) > limits.MAX_DATASET_SCHEMA_CHARS:
            schema = None  # tens of thousands of columns: the run keeps name, digest and profile
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source.source_type,
            "schema": schema,
            "profile": None if self.profile is None else json.dumps(self.profile),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_entity(self) -> entities.Dataset:
        record = self.to_dict()
        return entities.Dataset(
            name=self.name,
            digest=self.digest,
            source_type=self.source.source_type,
            source=self.source.to_json(),
            schema=record["schema"],
            profile=record["profile"],
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, digest={self.digest!r}, source={self.source!r})"
