"""A call that has been read: what the model gets, and how its answer goes out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from headrace.serving.call import Call
from headrace.serving.hosts.joining import ALONE, Mould

Written = tuple[bytes, str]
"""The body of an answer and its content type."""


@dataclass(slots=True, kw_only=True)
class Work:
    """data: as `predict` takes it, or Rows. write: from predictions to the answer. mould: ALONE where it can't share a
    `predict`."""

    call: Call
    data: Any
    params: dict[str, Any] | None
    write: Callable[[Any], Written]
    mould: Mould = ALONE
    _params_key: str = field(init=False)

    def __post_init__(self) -> None:
        # Not as JSON: in msgpack keys inside may be of several types, which have no order.
        self._params_key = repr(sorted(self.params.items())) if self.params else ""

    @property
    def group(self) -> Hashable:
        """Of those that may share a `predict`."""
        return ("alone", self.call.id) if self.mould.kind is None else (self.mould.kind, self._params_key)
