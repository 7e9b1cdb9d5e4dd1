"""The logged models that new metrics belong to: the one that is active in this thread, or else those that the open run
has made at the metric's step, whether the metric or the model came first.
"""

from __future__ import annotations

import threading

from headrace import settings
from headrace.client.active_run import active_run, models_made_at


class _Thread(threading.local):
    def __init__(self) -> None:
        self.active: str | None = None


_thread = _Thread()


def get_active_model_id() -> str | None:
    """The one that set_active_model chose in this thread, or MLFLOW_ACTIVE_MODEL_ID."""
    return _thread.active or settings.ACTIVE_MODEL_ID.get()


def clear_active_model() -> None:
    _thread.active = None


def exchange(model_id: str | None) -> str | None:
    """The one that was active before."""
    before, _thread.active = _thread.active, model_id
    return before


def models_for_metric(run_id: str | None, step: int) -> list[str | None]:
    """run_id: None for the open run. One None where there is no such model."""
    active = get_active_model_id()
    if active is not None:
        return [active]
    if run_id is None:
        run = active_run()
        run_id = run.info.run_id if run is not None else None
    return [*models_made_at(run_id, step)] or [None]
