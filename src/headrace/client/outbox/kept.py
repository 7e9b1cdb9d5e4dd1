"""Artifacts that runs logged before any server knew them: they lie in the journal's folder, and go where they belong
once the run is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from headrace.blobs.transfer import upload
from headrace.client.artifact_roots import files_at
from headrace.client.outbox.run_ids import known_ids
from headrace.client.outbox.unmet import ARTIFACTS
from headrace.errors import NotFound
from headrace.stores.base import TrackingStore


def has_kept(folder: Path) -> bool:
    return (folder / ARTIFACTS).is_dir()


def deliver_kept(folder: Path, store: TrackingStore, uri: str) -> int:
    """Uploads the files of runs that the store has by now, and removes them here; how many files. uri: of the store."""
    there = known_ids(folder, uri)
    files = 0
    for run_folder in sorted((folder / ARTIFACTS).glob("*")):
        try:
            location = store.get_run(there.get(run_folder.name, run_folder.name)).info.artifact_uri
        except NotFound:
            continue  # its journal isn't delivered yet, or is another's
        files += len(upload(files_at(location, uri), run_folder))
        shutil.rmtree(run_folder)
    if has_kept(folder) and not any((folder / ARTIFACTS).iterdir()):
        (folder / ARTIFACTS).rmdir()
    return files
