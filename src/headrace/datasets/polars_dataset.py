from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.datasets.dataset import Dataset
from headrace.datasets.digest import SAMPLED_OBJECTS, Digest, spaced
from headrace.datasets.schema import Column, ColumnSchema
from headrace.datasets.sources import DatasetSource
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    import polars as pl

_TYPES = {
    "Boolean": "boolean",
    "Int8": "integer", "Int16": "integer", "Int32": "integer", "UInt8": "integer", "UInt16": "integer",
    "Int64": "long", "UInt32": "long", "UInt64": "long",
    "Float32": "float", "Float64": "double", "Decimal": "double",
    "String": "string", "Utf8": "string", "Categorical": "string", "Enum": "string",
    "Binary": "binary", "Date": "datetime", "Datetime": "datetime",
}  # fmt: skip


class PolarsDataset(Dataset):
    """targets, predictions: names of columns."""

    def __init__(
        self,
        df: pl.DataFrame,
        source: DatasetSource | str | None = None,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        for field, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in df.columns:
                raise InvalidValue(field, column, f"the columns are {df.columns}.")
        super().__init__(source, name, digest)
        self._df, self._targets, self._predictions = df, targets, predictions

    @property
    def df(self) -> pl.DataFrame:
        return self._df

    @property
    def targets(self) -> str | None:
        return self._targets

    @property
    def predictions(self) -> str | None:
        return self._predictions

    @property
    def schema(self) -> ColumnSchema:
        return ColumnSchema(
            [
                Column(column.name, _TYPES.get(column.dtype.base_type().__name__, "any"), column.null_count() == 0)
                for column in self._df.get_columns()
            ]
        )

    @property
    def profile(self) -> dict[str, Any]:
        return {"num_rows": self._df.height, "num_elements": self._df.height * self._df.width}

    def _compute_digest(self) -> str:
        digest = Digest()
        digest.text(f"frame {self._df.shape}")
        rows = self._df[spaced(self._df.height, SAMPLED_OBJECTS)]
        for column in rows.get_columns():
            digest.text(f"column {column.name}")
            if column.dtype.is_numeric() and not column.dtype.is_decimal() and column.null_count() == 0:
                digest.array(column.to_numpy())
            else:
                digest.objects(column.to_list())
        return digest.hex()


def from_polars(
    df: pl.DataFrame,
    source: DatasetSource | str | None = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """source: path, address or source object; None means the code that runs."""
    return PolarsDataset(df, source, targets, name, digest, predictions)
