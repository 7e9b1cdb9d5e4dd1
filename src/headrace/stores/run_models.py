"""What a path in a run means where the run's folder has nothing there: its logged model of that name."""

from __future__ import annotations

from headrace.entities import LoggedModel, LoggedModelStatus, ModelOrder
from headrace.stores.base import TrackingStore

FOLDER_TAG = "headrace.artifactPath"  # of a model that was logged as a folder in folders of its run
_LATEST = 20  # models of one name in one run that are looked at
_FORBIDDEN_IN_NAMES = frozenset("/:.%\"'")


def run_model(store: TrackingStore, run_id: str, path: str) -> tuple[LoggedModel, str] | None:
    """The run's logged model that the path leads into, and the part of the path that is its address in the run: its
    name, or the folder that MLflow 2's artifact_path named. The latest that is ready, or else the latest."""
    segments = path.split("/")
    experiment_ids = [store.get_run(run_id).info.experiment_id]
    for end, name in enumerate(segments, start=1):
        if _FORBIDDEN_IN_NAMES & set(name):
            continue
        address = "/".join(segments[:end])
        same_name = store.search_logged_models(
            experiment_ids,
            f"name = '{name}' AND source_run_id = '{run_id}'",
            max_results=_LATEST,
            order_by=[ModelOrder("creation_timestamp", ascending=False)],
        )
        found = [model for model in same_name if model.tags.get(FOLDER_TAG, name) == address]
        ready = [model for model in found if model.status == LoggedModelStatus.READY]
        if found:
            return (ready or found)[0], address
    return None
