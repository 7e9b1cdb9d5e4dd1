from __future__ import annotations

import json
from typing import Any

from headrace.datasets.dataset import Dataset
from headrace.datasets.digest import Digest
from headrace.datasets.schema import ColumnSchema, Schema
from headrace.datasets.sources import DatasetSource


class MetaDataset(Dataset):
    """A dataset known by its source only; nothing is read. digest: of source, name and schema."""

    def __init__(
        self,
        source: DatasetSource | str,
        name: str | None = None,
        digest: str | None = None,
        schema: ColumnSchema | None = None,
    ) -> None:
        super().__init__(source, name, digest)
        self._schema = schema

    @property
    def schema(self) -> Schema | None:
        return self._schema

    @property
    def profile(self) -> dict[str, Any] | None:
        return None

    def _compute_digest(self) -> str:
        digest = Digest()
        digest.text(self.name)
        digest.text(self.source.source_type)
        digest.text(self.source.to_json())
        digest.text(json.dumps(None if self._schema is None else self._schema.to_dict()))
        return digest.hex()
