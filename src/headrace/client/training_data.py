"""What models are trained on, for their profiles: given to `log_model`, or logged to the run before by `log_input`."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headrace.packaging.save import Common

CONTEXTS = frozenset({"train", "training"})  # what `log_input` says of data that models are fitted on
_RUNS = 64  # whose data are remembered; a run that logs a model afterwards is among the last

_logged: OrderedDict[str, weakref.ref[Any]] = OrderedDict()


def remember(run_id: str, dataset: Any, context: str | None) -> None:
    """Only as long as the caller holds the dataset: no data live on for a profile."""
    if (context or "").lower() not in CONTEXTS:
        return
    with suppress(TypeError):  # a record of a dataset, which holds no data
        _logged[run_id] = weakref.ref(dataset)
        _logged.move_to_end(run_id)
        while len(_logged) > _RUNS:
            _logged.popitem(last=False)


def opened(common: Common, run_id: str | None = None) -> Common:
    """A dataset of `headrace.data` as the frame or arrays in it. run_id: of the run whose data count if none are
    given."""
    from headrace.datasets import dataset as datasets
    from headrace.packaging.profile.kept import Logged

    data = common.training_data
    if data is None:
        found = _logged.get(run_id or "")
        dataset = None if found is None else found()
        return (
            replace(common, training_data=Logged(_plain(dataset))) if isinstance(dataset, datasets.Dataset) else common
        )
    return replace(common, training_data=_plain(data)) if isinstance(data, datasets.Dataset) else common


def _plain(dataset: Any) -> Any:
    for name in ("df", "features", "ds"):
        if hasattr(dataset, name):
            found = getattr(dataset, name)
            return found.to_pandas() if name == "ds" else found
    return None
