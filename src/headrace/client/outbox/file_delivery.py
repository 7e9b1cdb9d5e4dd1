"""How the waiting files of a run reach its place at the store: several at a time, each again until it is there."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headrace.blobs.base import BlobStore
from headrace.client.artifact_roots import files_at
from headrace.client.open import tracking_store
from headrace.client.outbox.lock import JournalLock
from headrace.client.outbox.run_ids import known_ids
from headrace.client.outbox.unmet import is_missed
from headrace.client.outbox.waiting import Look, Waiting
from headrace.errors import HeadraceError, NotFound

THREADS = 8


@dataclass
class Sent:
    """paths: of files that the store has now. aside: (path, reason) of those that can't be sent as they were logged.
    busy: another process is sending the run's files."""

    paths: list[str] = field(default_factory=list)
    aside: list[tuple[str, str]] = field(default_factory=list)
    busy: bool = False


def send_files(
    waiting: Waiting, run_id: str, root: Callable[[], BlobStore], stopped: Callable[[], bool] = lambda: False
) -> Sent:
    """Raises what root raises, and what the store or the network does; then the files wait on. Can be repeated."""
    sent = Sent()
    lock = JournalLock(waiting.sending(run_id))
    if not lock.take():
        return Sent(busy=True)
    try:
        looks = waiting.looks(run_id)
        if looks:
            blobs = root()

            def send(look: Look) -> None:
                if not stopped():
                    _send(waiting, look, blobs, sent)

            _all(send, looks)
        waiting.tidy(run_id)
    finally:
        lock.leave(remove=True)
        waiting.tidy_all()
    return sent


def sync_files(folder: Path, to: str | None) -> tuple[int, list[str]]:
    """What waits in a folder of journals, after these are sent: (files that the stores have now, why others wait on).
    to: the store; None: the one that each was meant for."""
    waiting, files, problems = Waiting(folder), 0, list[str]()
    for run_id in waiting.runs():
        target = to or waiting.target(run_id)
        if not target:
            problems.append(f"Files of run {run_id} were logged offline, for no store; say which by --to.")
            continue
        try:
            sent = send_files(waiting, run_id, lambda: _root(folder, run_id, target))  # noqa: B023 — called at once
        except NotFound:
            problems.append(f"Files of run {run_id} wait on: the store at {target} doesn't have the run.")
        except HeadraceError as error:
            problems.append(f"Files of run {run_id} wait on. {error.message}")
        else:
            files += len(sent.paths)
            problems += [f"{path!r} of run {run_id} can't be sent: {reason}" for path, reason in sent.aside]
            if sent.busy:
                problems.append(f"Files of run {run_id} are being sent by another process.")
    return files, problems


def _root(folder: Path, run_id: str, target: str) -> BlobStore:
    there = known_ids(folder, target).get(run_id, run_id)
    return files_at(tracking_store(target).get_run(there).info.artifact_uri, target)


def _send(waiting: Waiting, look: Look, blobs: BlobStore, sent: Sent) -> None:
    try:
        look.watch(0)
        blobs.put_file(look.path, look.place, look.watch)
    except Exception as error:
        if look.changed:
            reason = "it was changed after it was logged, before it was sent."
        elif isinstance(error, HeadraceError) and not is_missed(error) and not isinstance(error, NotFound):
            reason = error.message
        else:
            raise
        if waiting.set_aside(look, reason):
            sent.aside.append((look.path, reason))
    else:
        waiting.gone(look)
        sent.paths.append(look.path)


def _all(send: Callable[[Look], None], looks: Sequence[Look]) -> None:
    """The first error is raised, after what is under way has ended. One file that always fails keeps no other from
    being sent; several are a store that fails."""
    todo, errors = deque(looks), list[Exception]()

    def work() -> None:
        while len(errors) < THREADS:
            try:
                send(todo.popleft())
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 — raised below
                errors.append(error)

    helpers = [threading.Thread(target=work, name="headrace-files", daemon=True) for _ in looks[1:THREADS]]
    for place, helper in enumerate(helpers):
        try:
            helper.start()
        except RuntimeError:  # the interpreter ends, and starts no thread any more
            del helpers[place:]
            break
    work()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
