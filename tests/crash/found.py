"""What a server has of a run of the trainer's: how often each record, by number. What no training logs is number 0."""

from __future__ import annotations

from collections import Counter

from headrace.blobs.base import BlobStore
from headrace.blobs.open import ProxyAccess, open_blobs
from headrace.client.rest_store import open_rest_store
from headrace.entities import Run
from headrace.net.stack import transport
from headrace.stores.base import TrackingStore
from tests.crash.trainer import FILES, MODEL, content, kind


def on_server(uri: str, run_id: str) -> Counter[int]:
    """Raises what the server answers; NotFound for a run that it doesn't have."""
    store, wire = open_rest_store(uri), transport()
    try:
        run = store.get_run(run_id)
        access = ProxyAccess(tracking_url=uri, transport=wire, anonymous=wire)
        return _records(store, run) + _files(open_blobs(run.info.artifact_uri, access))
    finally:
        store.close()
        wire.close()


def _records(store: TrackingStore, run: Run) -> Counter[int]:
    run_id = run.info.run_id
    found: Counter[int] = Counter()
    for point in store.get_metric_history(run_id, "loss"):
        found[_known(point.step, "point") if point.value == point.step / 2 else 0] += 1
    rows: Counter[int] = Counter()
    for place in range(10):
        for point in store.get_metric_history(run_id, f"k{place}"):
            rows[_known(point.step, "row") if point.value == point.step + place / 16 else 0] += 1
    for number, times in rows.items():
        found[number if times % 10 == 0 else 0] += max(1, times // 10)  # all of a call's points, or none
    for key, value in run.data.params.items():
        found[_known(int(value), "param") if key == f"p{value}" else 0] += 1
    for output in run.outputs.model_outputs:
        found[_known(output.step, "output") if output.model_id == MODEL else 0] += 1
    return found


def _files(blobs: BlobStore) -> Counter[int]:
    """A file that isn't whole counts as number 0, too."""
    found: Counter[int] = Counter()
    for entry in blobs.entries(FILES):
        number = _known(int(entry.path.removeprefix(f"{FILES}/")), "file")
        found[number if number and blobs.get_bytes(entry.path) == content(number) else 0] += 1
    return found


def _known(number: int, of_kind: str) -> int:
    return number if number > 0 and kind(number) == of_kind else 0
