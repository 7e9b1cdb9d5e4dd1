"""Runs that a store has under ids of its own: a stock MLflow server gives one to each run, also to one that began
without it.

    STORE.runs.jsonl    in the journal's folder: a line of JSON for each such run, {"local": …, "there": …}

A run that is made for us carries our id in a tag, by which it is found again, so that a lost answer or a lost line
makes no second run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from headrace.client.tags import MLFLOW_PARENT_RUN_ID
from headrace.client.uri import shown_uri
from headrace.entities import Run, RunTag, ViewType
from headrace.entities.journal import RunStarted
from headrace.errors import NotFound
from headrace.stores.base import TrackingStore

LOCAL_ID_TAG = "headrace.localRunId"

log = logging.getLogger("headrace.outbox")


def place_of(folder: Path, uri: str) -> Path:
    """Of what is kept in the folder about the store at the URI, without an ending."""
    return folder / hashlib.sha256(shown_uri(uri).rstrip("/").encode()).hexdigest()[:16]


def known_ids(folder: Path, uri: str) -> dict[str, str]:
    """Our id → the store's, of runs that began without it."""
    try:
        lines = Path(f"{place_of(folder, uri)}.runs.jsonl").read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return {}
    known = [json.loads(line) for line in lines[:-1] if line]  # a crash may have cut what follows the last end of line
    return {each["local"]: each["there"] for each in known}


class RunIds:
    """Thread safe."""

    def __init__(self, store: TrackingStore, folder: Path, uri: str) -> None:
        self._store, self._path = store, Path(f"{place_of(folder, uri)}.runs.jsonl")
        self._lock = threading.Lock()
        self._known = known_ids(folder, uri)

    def of(self, run_id: str) -> str:
        """The store's id of a run. NotFound."""
        with self._lock:
            known = self._known.get(run_id)
            if known is not None:
                return known
            try:
                self._known[run_id] = self._store.get_run(run_id).info.run_id
            except NotFound:
                found = self._found(run_id, self._experiments())
                if found is None:
                    raise
                self._keep(run_id, found.info.run_id)
            return self._known[run_id]

    def start(self, record: RunStarted) -> str:
        """The store's id of the run, which is made unless it is there."""
        tags = self.translated(record.tags)
        with self._lock:
            known = self._known.get(record.run_id)
            if known is not None:
                return known
            experiment_id = record.experiment_id
            if experiment_id is None:
                experiment_id = self._store.ensure_experiment(record.experiment_name or "Default").experiment_id
            run = self._found(record.run_id, [experiment_id]) or self._store.create_run(
                experiment_id,
                record.user_id,
                record.start_time,
                tagged(record.run_id, [RunTag(*each) for each in tags.items()]),
                record.run_name,
            )
            self._keep(record.run_id, run.info.run_id)
            return run.info.run_id

    def translated(self, tags: dict[str, str]) -> dict[str, str]:
        """With the parent's id as the store has it, if it has the parent."""
        parent = tags.get(MLFLOW_PARENT_RUN_ID)
        if parent is None:
            return tags
        try:
            return {**tags, MLFLOW_PARENT_RUN_ID: self.of(parent)}
        except NotFound:
            return tags

    def _found(self, run_id: str, experiment_ids: Sequence[str]) -> Run | None:
        asked = f"tags.`{LOCAL_ID_TAG}` = '{run_id}'"
        found = self._store.search_runs(experiment_ids, asked, ViewType.ALL, max_results=1)
        return next(iter(found), None)

    def _experiments(self) -> list[str]:
        found: list[str] = []
        token: str | None = None
        while True:
            page = self._store.search_experiments(ViewType.ALL, page_token=token)
            found += [each.experiment_id for each in page]
            token = page.token
            if not token:
                return found

    def _keep(self, run_id: str, there: str) -> None:
        self._known[run_id] = there
        line = json.dumps({"local": run_id, "there": there}) + "\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            log.warning("Run %s is %s in the store, which can't be noted in %s: %s", run_id, there, self._path, error)


def tagged(run_id: str, tags: Sequence[RunTag]) -> list[RunTag]:
    return [*tags, RunTag(LOCAL_ID_TAG, run_id)]
