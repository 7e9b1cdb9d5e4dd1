"""Back from the record of a run to what it stands for."""

from __future__ import annotations

from headrace import entities
from headrace.datasets.dataset import Dataset
from headrace.datasets.sources import DatasetSource, source_from_json


def get_source(dataset: entities.Dataset | entities.DatasetInput | Dataset) -> DatasetSource:
    """The source of a dataset, logged (by any client) or not."""
    if isinstance(dataset, Dataset):
        return dataset.source
    record = dataset.dataset if isinstance(dataset, entities.DatasetInput) else dataset
    return source_from_json(record.source, record.source_type)
