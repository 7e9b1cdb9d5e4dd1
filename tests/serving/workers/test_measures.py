"""What the pool reckons with: its pace, its setbacks, its share of the cores."""

from __future__ import annotations

import pytest

from headrace.serving.workers import threads
from headrace.serving.workers.failures import ending
from headrace.serving.workers.pace import Pace
from headrace.serving.workers.setbacks import Setbacks


def test_who_is_refused_is_told_to_come_back_when_the_line_may_be_gone() -> None:
    pace = Pace()
    assert pace.retry_after_s(0.0, 100) == 60  # nothing was ever answered
    now = 0.0
    for _ in range(3000):
        now += 0.01
        pace.add(now)
    assert pace.per_s(now) == pytest.approx(100, rel=0.01)
    assert pace.retry_after_s(now, 1000) in (10, 11)
    assert pace.retry_after_s(now, 1) == 1
    assert pace.retry_after_s(now + 60, 100) == 60  # it has stood still since


def test_starts_are_further_apart_the_more_fail() -> None:
    setbacks = Setbacks()
    delays = []
    for _ in range(20):
        delays.append(setbacks.delay_s)
        setbacks.add("why")
    assert delays[:2] == [0.0, 0.0]
    assert delays == sorted(delays)
    assert delays[-1] == 30.0
    assert setbacks.hopeless
    setbacks.answered()
    assert (setbacks.hopeless, setbacks.delay_s, setbacks.total) == (False, 0.0, 20)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "ended with status 0"),
        (-11, "was ended by SIGSEGV"),
        (-9, "was ended by SIGKILL (perhaps for want of memory)"),
        (-250, "was ended by signal 250"),
        (None, "ended"),
    ],
)
def test_how_a_process_ended_is_put_in_words(status: int | None, text: str) -> None:
    assert ending(status) == text


def test_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 16)
    assert threads.limits(1, {}, to_fork=False) == {}
    assert threads.limits(3, {}, to_fork=False)["OMP_NUM_THREADS"] == "5"
    assert threads.limits(32, {}, to_fork=False)["OPENBLAS_NUM_THREADS"] == "1"
    assert threads.limits(3, {"MKL_NUM_THREADS": "2"}, to_fork=False) == {}
    to_fork = threads.limits(4, {}, to_fork=True)
    assert (to_fork["OPENBLAS_NUM_THREADS"], to_fork["OMP_NUM_THREADS"]) == ("1", "4")
