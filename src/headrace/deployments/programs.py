"""Programs of others that put models into their places (docker, kubectl): called with words, never through a shell."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headrace.errors import CallerError, TimedOut
from headrace.lazy import MissingPackage

TIMEOUT_S = 60.0  # of a question
_SHOWN_LINES = 15  # of a failed program: its reason comes last


class ProgramFailed(CallerError):
    """A program answered with an error. said: its words."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


@dataclass(frozen=True, kw_only=True)
class Program:
    """hint: how to go on, for who hasn't got it."""

    name: str
    hint: str

    @property
    def path(self) -> str:
        found = shutil.which(self.name)
        if found is None:
            raise MissingPackage(f"{self.name!r} is needed and isn't on the PATH; {self.hint}")
        return found

    def ask(self, *words: str, input: str | None = None) -> str:
        """What it prints, to its end. ProgramFailed, TimedOut."""
        try:
            ended = subprocess.run(  # noqa: S603 — no shell
                [self.path, *words],
                input=input,
                stdin=subprocess.DEVNULL if input is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(f"`{self._shown(words)}` gave no answer within {TIMEOUT_S:g} s.") from None
        if ended.returncode:
            raise self._failed(words, ended.returncode, ended.stderr or ended.stdout)
        return ended.stdout

    def show(self, *words: str, tell: Callable[[str], None], env: Mapping[str, str] | None = None) -> None:
        """Runs it to its end, which may be far; its lines are told as they come. ProgramFailed."""
        last = deque[str](maxlen=_SHOWN_LINES)
        with subprocess.Popen(  # noqa: S603 — no shell
            [self.path, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(env or {})},
        ) as child:
            assert child.stdout is not None
            try:
                for line in child.stdout:
                    last.append(line.rstrip())
                    tell(line.rstrip())
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            raise self._failed(words, child.returncode, "\n".join(last))

    def _failed(self, words: Sequence[str], status: int, said: str) -> ProgramFailed:
        last = "\n".join(said.strip().splitlines()[-_SHOWN_LINES:]) or "nothing"
        return ProgramFailed(f"`{self._shown(words)}` ended with status {status} and said:\n{last}", last)

    def _shown(self, words: Sequence[str]) -> str:
        return " ".join([self.name, *itertools.takewhile(lambda word: not word.startswith("-"), words[:2])])
