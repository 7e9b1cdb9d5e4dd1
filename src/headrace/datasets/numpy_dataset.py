from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headrace.datasets.dataset import Dataset
from headrace.datasets.digest import Digest
from headrace.datasets.schema import Array, TensorSchema, tensors_of
from headrace.datasets.sources import DatasetSource

Arrays = Array | dict[str, Array]


class NumpyDataset(Dataset):
    """features, targets: one array, or several by name."""

    def __init__(
        self,
        features: Arrays,
        source: DatasetSource | str | None = None,
        targets: Arrays | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        super().__init__(source, name, digest)
        self._features, self._targets = features, targets

    @property
    def features(self) -> Arrays:
        return self._features

    @property
    def targets(self) -> Arrays | None:
        return self._targets

    @property
    def schema(self) -> TensorSchema:
        return TensorSchema(tensors_of(self._features), None if self._targets is None else tensors_of(self._targets))

    @property
    def profile(self) -> dict[str, Any]:
        return _sizes("features", self._features) | _sizes("targets", self._targets)

    def _compute_digest(self) -> str:
        digest = Digest()
        digest.arrays(self._features)
        if self._targets is not None:
            digest.text("targets")
            digest.arrays(self._targets)
        return digest.hex()


def _sizes(prefix: str, arrays: Arrays | None) -> dict[str, Any]:
    if arrays is None:
        return {}
    if isinstance(arrays, Mapping):
        named = {name: np.asarray(array) for name, array in arrays.items()}
        return {
            f"{prefix}_shape": {name: list(array.shape) for name, array in named.items()},
            f"{prefix}_size": {name: array.size for name, array in named.items()},
            f"{prefix}_nbytes": {name: array.nbytes for name, array in named.items()},
        }
    array = np.asarray(arrays)
    return {f"{prefix}_shape": list(array.shape), f"{prefix}_size": array.size, f"{prefix}_nbytes": array.nbytes}


def from_numpy(
    features: Arrays,
    source: DatasetSource | str | None = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """source: path, address or source object; None means the code that runs."""
    return NumpyDataset(features, source, targets, name, digest)
