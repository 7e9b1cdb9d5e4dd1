"""An environment that is there: its Python, and how to run something in it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IN_USE = "in-use"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """python: its interpreter. path: its folder; None for the environment that Headrace itself runs in."""

    python: Path
    path: Path | None = None
    digest: str | None = None
    conda: bool = False

    def command(self, *args: str | Path) -> list[str]:
        """`args` for this environment's Python."""
        return [str(self.python), *map(str, args)]

    def variables(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """os.environ, as it is with this environment activated; `env` on top."""
        found = dict(os.environ)
        if self.path is not None:
            found["PATH"] = os.pathsep.join([str(self.python.parent), *filter(None, [found.get("PATH")])])
            found["CONDA_PREFIX" if self.conda else "VIRTUAL_ENV"] = str(self.path)
            found.pop("PYTHONHOME", None)
        return {**found, **(env or {})}

    def run(
        self, args: Sequence[str | Path], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Its Python with `args`, to its end. options: of subprocess.run."""
        with self.in_use() as kept:
            return subprocess.run(  # noqa: S603, PLW1510 — no shell; `check` is the caller's
                self.command(*args), env=self.variables(env), pass_fds=kept, **options
            )

    def start(
        self, args: Sequence[str | Path], *, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[Any]:
        """Its Python with `args`, and doesn't wait. options: of subprocess.Popen."""
        with self.in_use() as kept:
            return subprocess.Popen(  # noqa: S603 — no shell
                self.command(*args), env=self.variables(env), pass_fds=kept, **options
            )

    @contextmanager
    def in_use(self) -> Iterator[tuple[int, ...]]:
        """Meanwhile nobody prunes it. A child that gets the file descriptors keeps it for as long as it lives."""
        if self.path is None:
            yield ()
            return
        try:
            mark = os.open(self.path.parent / IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield ()  # a cache of others: who can't write to it can't prune it either
            return
        try:
            fcntl.flock(mark, fcntl.LOCK_SH)
            yield (mark,)
        finally:
            os.close(mark)


def local() -> Environment:
    """The one that Headrace itself runs in: nothing is installed."""
    return Environment(python=Path(sys.executable))
