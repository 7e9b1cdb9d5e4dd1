"""Whether the data that a run read is still what it was: read again from its source, by the usual ways to read it.

A digest is one of an array or a frame, not of a file. Where a program has read a file in a way of its own (other
columns, other types), no usual way gives its digest: then the data isn't called another, only unconfirmed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from headrace.datasets.dataset import Dataset
from headrace.datasets.logged import get_source
from headrace.datasets.numpy_dataset import NumpyDataset
from headrace.datasets.sources import CodeSource, HuggingFaceSource, OtherSource
from headrace.entities import Dataset as Record

Verdict = Literal["same", "unconfirmed", "unreachable"]


@dataclass(frozen=True, kw_only=True)
class DataCheck:
    """name, digest: as logged. why: of any verdict but "same"."""

    name: str
    digest: str
    verdict: Verdict
    why: str = ""


def check_data(record: Record, base: Path) -> DataCheck:
    """Reads the whole source, from the network where it lies there. base: what relative paths start at."""
    source = get_source(record)

    def found(verdict: Verdict, why: str = "") -> DataCheck:
        return DataCheck(name=record.name, digest=record.digest, verdict=verdict, why=why)

    if isinstance(source, CodeSource):
        return found("unreachable", "it was made by code, which its source only names")
    if isinstance(source, OtherSource):
        return found("unreachable", f"sources of type {source.source_type!r} can't be read")
    try:
        with tempfile.TemporaryDirectory(prefix="headrace-data-") as folder:
            hub = isinstance(source, HuggingFaceSource)
            loaded = source.load(None if hub else folder)
            if not hub:
                loaded = base / loaded
                if not loaded.exists():
                    return found("unreachable", f"nothing is at {str(loaded)!r}")
            digests = dict(_digests(loaded))
    except Exception as error:  # noqa: BLE001 — of any library that reads; that it can't is the answer
        return found("unreachable", f"{type(error).__name__}: {error}".partition("\n")[0])
    if record.digest in digests.values():
        return found("same")
    if not digests:
        return found("unconfirmed", "there is no usual way to read it")
    ways = ", ".join(f"{way} gives {digest}" for way, digest in digests.items())
    return found("unconfirmed", f"{ways}: it was changed, or read in another way")


def _digests(loaded: Any) -> Iterator[tuple[str, str]]:
    """(way of reading, digest). loaded: the path of a file, or a data set of the hub."""
    if not isinstance(loaded, Path):
        from headrace.datasets.huggingface_dataset import HuggingFaceDataset

        yield "datasets", HuggingFaceDataset(loaded).digest
        return
    for name, read in _READERS.get(loaded.suffix.lower(), {}).items():
        if find_spec(name) is not None:
            yield f"{name}.{read.__name__}", read(loaded).digest


def read_csv(path: Path) -> Dataset:
    import pandas as pd

    return _pandas(pd.read_csv(path))


def read_parquet(path: Path) -> Dataset:
    import pandas as pd

    return _pandas(pd.read_parquet(path))


def read_json(path: Path) -> Dataset:
    import pandas as pd

    return _pandas(pd.read_json(path, lines=path.suffix != ".json"))


def _pandas(frame: Any) -> Dataset:
    from headrace.datasets.pandas_dataset import PandasDataset

    return PandasDataset(frame)


def _polars(name: str) -> Callable[[Path], Dataset]:
    def read(path: Path) -> Dataset:
        import polars as pl

        from headrace.datasets.polars_dataset import PolarsDataset

        return PolarsDataset(getattr(pl, name)(path))

    read.__name__ = name
    return read


def load(path: Path) -> Dataset:
    import numpy as np

    arrays = np.load(path, allow_pickle=False)
    return NumpyDataset(arrays if isinstance(arrays, np.ndarray) else {name: arrays[name] for name in arrays.files})


_READERS: dict[str, dict[str, Callable[[Path], Dataset]]] = {
    ".csv": {"pandas": read_csv, "polars": _polars("read_csv")},
    ".parquet": {"pandas": read_parquet, "polars": _polars("read_parquet")},
    ".json": {"pandas": read_json, "polars": _polars("read_json")},
    ".jsonl": {"pandas": read_json, "polars": _polars("read_ndjson")},
    ".npy": {"numpy": load},
    ".npz": {"numpy": load},
}
