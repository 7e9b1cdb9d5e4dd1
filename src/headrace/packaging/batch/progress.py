"""How far a batch is, on stderr: one line that is rewritten on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time

from headrace.packaging.batch.source import Input

_TERMINAL_S, _PIPE_S = 0.2, 10.0


class Progress:
    def __init__(self, source: Input, *, quiet: bool = False) -> None:
        self._source, self._quiet = source, quiet
        self._terminal = sys.stderr.isatty()
        self._started = self._told = time.monotonic()
        self.rows = self.bad = 0

    def add(self, rows: int, bad: int) -> None:
        self.rows, self.bad = self.rows + rows, self.bad + bad
        now = time.monotonic()
        if not self._quiet and now - self._told >= (_TERMINAL_S if self._terminal else _PIPE_S):
            self._told = now
            self._say(self._line(now), last=False)

    def end(self) -> None:
        if not self._quiet:
            took_s = time.monotonic() - self._started
            bad = f", {self.bad:,} of them bad" if self.bad else ""
            rate = f" ({self._rate(took_s):,.0f} rows/s)" if took_s >= 1 else ""
            self._say(f"{self.rows:,} rows in {took_s:,.1f} s{rate}{bad}", last=True)

    def _line(self, now: float) -> str:
        took_s = now - self._started
        done = self._done()
        left = f", {_clock(took_s * (1 - done) / done)} left" if done else ""
        share = f"{done:4.0%}  " if done else ""
        return f"{share}{self.rows:,} rows, {self._rate(took_s):,.0f} rows/s{left}"

    def _rate(self, took_s: float) -> float:
        return self.rows / max(took_s, 1e-9)

    def _done(self) -> float | None:
        """Between 0 and 1; None where nobody knows how much there is."""
        if self._source.total_rows:
            return min(1.0, self.rows / self._source.total_rows)
        if self._source.total_bytes:
            return min(1.0, self._source.done_bytes / self._source.total_bytes) or None
        return None

    def _say(self, line: str, *, last: bool) -> None:
        end = "\n" if last or not self._terminal else ""
        sys.stderr.write(f"\r\x1b[K{line}{end}" if self._terminal else f"{line}{end}")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
