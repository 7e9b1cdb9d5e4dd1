"""What a pod printed, followed by a `kubectl logs --follow` of its own that writes to a file here."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from headrace.environments.tool import Tool

END_S = 15.0  # for the rest of the output to come once a pod is over
_UNTOLD = ("ContainerCreating", "PodInitializing")  # what every pod waits for


class PodLog:
    def __init__(self, kubectl: Tool, *pod: str) -> None:
        """pod: the words that name it."""
        self._kubectl, self._pod = kubectl, pod
        self._process: subprocess.Popen[bytes] | None = None
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — lives as long as this does
        self._read_bytes = 0
        self._ended = False

    def more(self, *, last: bool) -> bytes:
        """What came since the last call. last: the pod is over, so what is still on its way is waited for; afterwards
        there is no more."""
        if self._ended:
            return b""
        self._go_on()
        if last:
            self._finish()
        self._file.seek(self._read_bytes)
        found = self._file.read()
        self._read_bytes += len(found)
        if last:
            self.close()
        return found

    def close(self) -> None:
        self._ended = True
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self._file.close()

    def _finish(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()

    def _go_on(self) -> None:
        """Starts the follower, the first time or after its connection broke: the log then comes from its beginning, and
        what was read of it is skipped."""
        if self._process is not None and self._process.poll() in (None, 0):
            return
        self._file.close()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603 — no shell
            self._kubectl.words("logs", *self._pod, "--follow"),
            stdin=subprocess.DEVNULL,
            stdout=self._file.fileno(),
            stderr=subprocess.DEVNULL,
        )


def has_begun(pod: Mapping[str, Any]) -> bool:
    """Whether there is a log to read."""
    return any({"running", "terminated"} & set(status.get("state") or {}) for status in _containers(pod))


def exit_code(pod: Mapping[str, Any]) -> int | None:
    """Of its first container, once that is over."""
    for status in _containers(pod):
        found: int | None = ((status.get("state") or {}).get("terminated") or {}).get("exitCode")
        return found
    return None


def waiting(pod: Mapping[str, Any]) -> Iterator[str]:
    """Why it doesn't begin, as Kubernetes says it: no node, an image that can't be pulled."""
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield _sentence(condition)
    for status in _containers(pod):
        reason = (status.get("state") or {}).get("waiting") or {}
        if reason and reason.get("reason") not in _UNTOLD:
            yield _sentence(reason)


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((pod.get("status") or {}).get("containerStatuses") or [])


def _sentence(said: Mapping[str, Any]) -> str:
    return ": ".join(filter(None, [said.get("reason"), said.get("message")]))
