from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.datasets.dataset import Dataset
from headrace.datasets.digest import Digest, spaced
from headrace.datasets.schema import Column, ColumnSchema, column_type
from headrace.datasets.sources import DataFiles, DatasetSource, HuggingFaceSource, as_source
from headrace.errors import InvalidValue
from headrace.lazy import optional_import

if TYPE_CHECKING:
    import datasets

_SAMPLED_ROWS = 200  # a row may hold an image or a document


class HuggingFaceDataset(Dataset):
    """ds: one split, held in memory or on disk."""

    def __init__(
        self,
        ds: datasets.Dataset,
        source: DatasetSource | str | None = None,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        library = optional_import("datasets", extra="datasets", why="for datasets of Hugging Face")
        if not isinstance(ds, library.Dataset):
            raise InvalidValue(
                "ds", type(ds).__name__, "a datasets.Dataset is needed: one split, not a DatasetDict or a stream."
            )
        if targets is not None and targets not in ds.column_names:
            raise InvalidValue("targets", targets, f"the columns are {ds.column_names}.")
        super().__init__(source, name, digest)
        self._ds, self._targets = ds, targets

    @property
    def ds(self) -> datasets.Dataset:
        return self._ds

    @property
    def targets(self) -> str | None:
        return self._targets

    @property
    def schema(self) -> ColumnSchema:
        return ColumnSchema([Column(name, _type(feature)) for name, feature in self._ds.features.items()])

    @property
    def profile(self) -> dict[str, Any]:
        return {
            "num_rows": self._ds.num_rows,
            "dataset_size": self._ds.dataset_size,
            "size_in_bytes": self._ds.size_in_bytes,
        }

    def _compute_digest(self) -> str:
        digest = Digest()
        digest.text(f"rows {self._ds.num_rows} {self._ds.features}")
        # As stored: images and sound stay encoded.
        table = self._ds.with_format("arrow")[spaced(self._ds.num_rows, _SAMPLED_ROWS).tolist()]
        for name in table.column_names:
            digest.text(f"column {name}")
            digest.objects(table.column(name).to_pylist())
        return digest.hex()


def _type(feature: Any) -> str:
    dtype = getattr(feature, "dtype", None)
    if not isinstance(dtype, str):
        return "any"
    if dtype in ("string", "large_string"):
        return "string"
    if dtype in ("binary", "large_binary"):
        return "binary"
    if dtype.startswith(("timestamp", "date")):
        return "datetime"
    try:
        return column_type(np.dtype(dtype))
    except TypeError:
        return "any"


def from_huggingface(
    ds: datasets.Dataset,
    path: str | None = None,
    targets: str | None = None,
    data_dir: str | None = None,
    data_files: DataFiles | None = None,
    revision: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    trust_remote_code: bool | None = None,  # noqa: ARG001 (Hugging Face no longer runs code of data sets)
    source: DatasetSource | str | None = None,
) -> HuggingFaceDataset:
    """path: as given to `datasets.load_dataset`; without path and source, the code that runs is the source."""
    if path is not None and source is not None:
        raise InvalidValue("source", source, "path is given too; keep only one of them.")
    origin = as_source(source)
    if path is not None:
        split = getattr(ds, "split", None)
        config = getattr(ds, "config_name", None)
        origin = HuggingFaceSource(path, config, data_dir, data_files, None if split is None else str(split), revision)
    return HuggingFaceDataset(ds, origin, targets, name, digest)
