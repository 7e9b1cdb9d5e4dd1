"""Sources under the names that MLflow's modules of sources give them."""

from headrace.datasets.sources import CodeSource as CodeDatasetSource
from headrace.datasets.sources import DatasetSource
from headrace.datasets.sources import HttpSource as HTTPDatasetSource
from headrace.datasets.sources import HuggingFaceSource as HuggingFaceDatasetSource
from headrace.datasets.sources import as_source as resolve_dataset_source
from headrace.datasets.sources import source_from_json as get_dataset_source_from_json

__all__ = [
    "CodeDatasetSource",
    "DatasetSource",
    "HTTPDatasetSource",
    "HuggingFaceDatasetSource",
    "get_dataset_source_from_json",
    "resolve_dataset_source",
]
