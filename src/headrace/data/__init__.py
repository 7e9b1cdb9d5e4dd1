"""Data that a run read: `from_numpy`, `from_pandas`, `from_polars`, `from_huggingface`, for `log_input`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = [
    "Dataset",
    "DatasetSource",
    "from_huggingface",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
]

if TYPE_CHECKING:
    from headrace.datasets.dataset import Dataset
    from headrace.datasets.huggingface_dataset import from_huggingface
    from headrace.datasets.logged import get_source
    from headrace.datasets.numpy_dataset import from_numpy
    from headrace.datasets.pandas_dataset import from_pandas
    from headrace.datasets.polars_dataset import from_polars
    from headrace.datasets.sources import DatasetSource
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "Dataset": "headrace.datasets.dataset:Dataset",
            "DatasetSource": "headrace.datasets.sources:DatasetSource",
            "from_huggingface": "headrace.datasets.huggingface_dataset:from_huggingface",
            "from_numpy": "headrace.datasets.numpy_dataset:from_numpy",
            "from_pandas": "headrace.datasets.pandas_dataset:from_pandas",
            "from_polars": "headrace.datasets.polars_dataset:from_polars",
            "get_source": "headrace.datasets.logged:get_source",
        },
        otherwise="headrace.client.absent:lookup",
    )
