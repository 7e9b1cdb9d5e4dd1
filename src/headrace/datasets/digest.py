"""Digests of data: the same for the same content on every machine, cheap on large data.

Up to `WHOLE_BYTES` all of an array or column counts. Of a larger one its shape, its type and evenly spaced rows count
(the first and the last among them, as many as fit in `WHOLE_BYTES`), so an edit between them isn't seen. Text and other
objects count by at most `SAMPLED_OBJECTS` values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

WHOLE_BYTES = 16 << 20  # about 40 ms of SHA-256
SAMPLED_OBJECTS = 10_000  # a few ms of encoding text
DIGEST_HEX_DIGITS = 8  # the contract's: enough to tell versions of one data set apart, not to prove integrity

Array = npt.NDArray[Any]


class Digest:
    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def text(self, value: str) -> None:
        """Lengths go in too, so that ("ab", "c") differs from ("a", "bc")."""
        encoded = value.encode("utf-8", "surrogatepass")
        self._sha256.update(f"{len(encoded)}:".encode())
        self._sha256.update(encoded)

    def array(self, array: Array) -> None:
        self.text(f"{array.dtype.str.lstrip('<>|=')} {array.shape}")
        if array.dtype.hasobject or array.dtype.kind in "UST":
            self.objects(array.ravel().tolist() if array.size <= SAMPLED_OBJECTS else _sampled(array.ravel()).tolist())
            return
        rows = array
        while rows.nbytes > WHOLE_BYTES and rows.ndim:
            row_bytes = max(1, rows.nbytes // len(rows))
            count = WHOLE_BYTES // row_bytes
            rows = rows[spaced(len(rows), count)] if count >= 2 else rows[-1]
        little_endian = rows.astype(rows.dtype.newbyteorder("<"), copy=False)
        self._sha256.update(np.ascontiguousarray(little_endian).tobytes())

    def arrays(self, arrays: Array | Mapping[str, Array]) -> None:
        if isinstance(arrays, Mapping):
            for name in sorted(arrays):
                self.text(f"name {name}")
                self.array(np.asarray(arrays[name]))
        else:
            self.array(np.asarray(arrays))

    def objects(self, values: Iterable[object]) -> None:
        for value in values:
            self.text(value if isinstance(value, str) else f"\x00{_canonical(value)}")

    def hex(self) -> str:
        return self._sha256.hexdigest()[:DIGEST_HEX_DIGITS]


def spaced(length: int, count: int) -> Array:
    """At most `count` (≥ 2) row numbers of [0, length), evenly spaced, with the first and the last."""
    if length <= count:
        return np.arange(length)
    return np.linspace(0, length - 1, count).astype(np.int64)


def _sampled(flat: Array) -> Array:
    sample: Array = flat[spaced(len(flat), SAMPLED_OBJECTS)]
    return sample


def _canonical(value: object) -> str:
    """Text that is the same in every process: no addresses, no order of sets."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_canonical(key)}:{_canonical(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(map(_canonical, value))) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, np.ndarray):
        return _canonical(value.tolist())
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return repr(value)
    text = str(value)
    return f"{type(value).__name__} {'' if ' at 0x' in text else text}"
