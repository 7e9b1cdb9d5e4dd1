"""The observer that keeps samples."""

from __future__ import annotations

import logging
import queue
import threading
from pathlib import Path

from headrace import clock
from headrace.errors import InvalidValue
from headrace.serving.observe import Observation
from headrace.serving.samples.record import sample_of
from headrace.serving.samples.segments import SEGMENT_BYTES, Segment, shrink

MAX_BODY_BYTES = 256 << 10
MAX_BYTES = 1 << 30
WAITING_BYTES = 32 << 20  # of bodies that the disk hasn't taken yet; what is more isn't kept
WAITING_RECORDS = 20_000
GATHER_S = 0.2  # between two writes: the thread wakes five times a second under load, not at every request
CLOSE_S = 5.0

logger = logging.getLogger("headrace.serving")


class Samples:
    """Called on the event loop, where it decides and hands over; a thread writes. It never waits: what the disk can't
    take in time is dropped and counted. A disk that fails ends the keeping, with one warning, and nothing else."""

    def __init__(self, folder: Path, rate: float, max_bytes: int, max_body_bytes: int) -> None:
        self._folder, self._rate = folder, rate
        self._max_bytes, self._max_body_bytes = max_bytes, max_body_bytes
        self._segment = Segment(folder)
        self._waiting: queue.SimpleQueue[Observation | None] = queue.SimpleQueue()
        self._put_bytes = self._taken_bytes = 0  # the loop writes the one, the thread the other
        self._closing = threading.Event()
        self.kept = self.dropped = 0
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="headrace-samples", daemon=True)
        self._thread.start()

    def __call__(self, told: Observation) -> None:
        if self._rate < 1.0 and clock.jitter(1.0) >= self._rate:
            return
        size = len(told.call.body) + len(told.reply.body)
        waiting = self._put_bytes - self._taken_bytes
        if self.failed or waiting + size > WAITING_BYTES or self._waiting.qsize() >= WAITING_RECORDS:
            if not self.dropped and not self.failed:
                logger.warning("%s can't take samples as fast as requests come: some are dropped.", self._folder)
            self.dropped += 1
            return
        self._put_bytes += size
        self._waiting.put(told)

    def close(self) -> None:
        """Writes what waits, for a few seconds at most."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while self._write(self._waiting.get()):
                self._closing.wait(GATHER_S)
        except OSError as error:
            self.failed = True
            logger.warning(
                "samples are no longer kept in %s: %s. What is served goes on without; make room and restart the "
                "server to go on.",
                self._folder,
                error.strerror or error,
            )
        finally:
            self._segment.close()

    def _write(self, first: Observation | None) -> bool:
        """first, and all that has come meanwhile; False after the end."""
        found, told = [], first
        more = True
        while told is not None:
            found.append(told)
            try:
                told = self._waiting.get_nowait()
            except queue.Empty:
                break
        else:
            more = False
        if found:
            self._segment.append(sample_of(each, self._rate, self._max_body_bytes) for each in found)
            self.kept += len(found)
            self._taken_bytes += sum(len(each.call.body) + len(each.reply.body) for each in found)
            if self._segment.size_bytes >= min(SEGMENT_BYTES, max(self._max_bytes // 8, 1)):
                full, self._segment = self._segment, Segment(self._folder)
                full.close()
                shrink(self._folder, self._max_bytes)
        return more


def open_samples(
    folder: str | Path, *, rate: float = 1.0, max_bytes: int = MAX_BYTES, max_body_bytes: int = MAX_BODY_BYTES
) -> Samples:
    """folder: made if it is missing, for this user alone. rate: share of requests that are kept, 0 to 1. max_bytes: of
    the folder, roughly; the oldest samples go first. max_body_bytes: of a request and of an answer; their beginnings
    are kept where they are longer. InvalidValue where nothing can be written there."""
    if not 0 < rate <= 1:
        raise InvalidValue("rate", rate, "a share above 0 and up to 1 is needed, as 0.1 for a tenth of the requests.")
    place = Path(folder).expanduser().absolute()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Samples(place, rate, max_bytes, max_body_bytes)
    except OSError as error:
        raise InvalidValue("samples", str(place), f"nothing can be written there: {error.strerror}.") from error
