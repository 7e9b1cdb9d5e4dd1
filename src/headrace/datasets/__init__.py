"""Data that a run read: described, never copied."""

from headrace.datasets.dataset import Dataset
from headrace.datasets.huggingface_dataset import HuggingFaceDataset, from_huggingface
from headrace.datasets.logged import get_source
from headrace.datasets.meta_dataset import MetaDataset
from headrace.datasets.numpy_dataset import NumpyDataset, from_numpy
from headrace.datasets.pandas_dataset import PandasDataset, from_pandas
from headrace.datasets.polars_dataset import PolarsDataset, from_polars
from headrace.datasets.sources import (
    CodeSource,
    DatasetSource,
    HttpSource,
    HuggingFaceSource,
    UriSource,
    as_source,
    source_from_json,
)

__all__ = [
    "CodeSource",
    "Dataset",
    "DatasetSource",
    "HttpSource",
    "HuggingFaceDataset",
    "HuggingFaceSource",
    "MetaDataset",
    "NumpyDataset",
    "PandasDataset",
    "PolarsDataset",
    "UriSource",
    "as_source",
    "from_huggingface",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
    "source_from_json",
]
