from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.datasets.dataset import Dataset
from headrace.datasets.digest import SAMPLED_OBJECTS, Digest, spaced
from headrace.datasets.schema import Column, ColumnSchema, column_type, value_type
from headrace.datasets.sources import DatasetSource
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT = 100  # values of an object column that decide its type


class PandasDataset(Dataset):
    """targets, predictions: names of columns. The index doesn't count."""

    def __init__(
        self,
        df: pd.DataFrame,
        source: DatasetSource | str | None = None,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        for field, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in df.columns:
                raise InvalidValue(field, column, f"the columns are {[str(known) for known in df.columns]}.")
        super().__init__(source, name, digest)
        self._df, self._targets, self._predictions = df, targets, predictions

    @property
    def df(self) -> pd.DataFrame:
        return self._df

    @property
    def targets(self) -> str | None:
        return self._targets

    @property
    def predictions(self) -> str | None:
        return self._predictions

    @property
    def schema(self) -> ColumnSchema:
        return ColumnSchema([_column(str(name), self._df.iloc[:, at]) for at, name in enumerate(self._df.columns)])

    @property
    def profile(self) -> dict[str, Any]:
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}

    def _compute_digest(self) -> str:
        digest = Digest()
        digest.text(f"frame {self._df.shape}")
        rows = self._df.iloc[spaced(len(self._df), SAMPLED_OBJECTS)]
        for at, name in enumerate(self._df.columns):
            digest.text(f"column {name}")
            column = rows.iloc[:, at]
            if isinstance(column.dtype, np.dtype) and not column.dtype.hasobject:
                digest.array(column.to_numpy())
            else:
                digest.objects(None if missing else value for value, missing in zip(column, column.isna(), strict=True))
        return digest.hex()


def _column(name: str, values: pd.Series[Any]) -> Column:
    required = not bool(values.isna().any())
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and not dtype.hasobject:
        return Column(name, column_type(dtype), required)
    if getattr(dtype, "tz", None) is not None:
        return Column(name, "datetime", required)
    numpy_dtype = getattr(dtype, "numpy_dtype", None)  # Int64, Float32, boolean: numbers that may be missing
    if numpy_dtype is not None and not numpy_dtype.hasobject:
        return Column(name, column_type(numpy_dtype), required)
    kinds = {value_type(value) for value in values.dropna().iloc[:_LOOKED_AT]}
    return Column(name, kinds.pop() if len(kinds) == 1 else "any", required)


def from_pandas(
    df: pd.DataFrame,
    source: DatasetSource | str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """source: path, address or source object; None means the code that runs."""
    return PandasDataset(df, source, targets, name, digest, predictions)
