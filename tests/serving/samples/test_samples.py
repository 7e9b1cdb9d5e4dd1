from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import clock
from headrace.errors import InvalidValue
from headrace.serving.call import Call, Reply, Usage
from headrace.serving.observe import Observation
from headrace.serving.samples import Sample, Samples, open_samples, read
from headrace.serving.samples import keeper as keeping
from headrace.serving.samples.segments import Segment, segments, shrink

ROOT = Path(__file__).resolve().parents[3]


def told(number: int = 0, body: bytes = b"{}", **fields: Any) -> Observation:
    reply = Reply(status=200, body=b'{"predictions": [1]}', rows=1, usage=Usage(3, 4), predict_s=0.25, batch=2)
    given_: dict[str, Any] = {"deployment": "wine", "revision": "3", "reply": reply, "at_ms": number, "duration_s": 0.5}
    call = Call(id=number, kind="invocations", body=body, content_type="application/json", deadline=0.0)
    return Observation(**{**given_, "call": call, **fields})


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Samples]]:
    made: list[Samples] = []

    def of(**options: Any) -> Samples:
        made.append(open_samples(tmp_path / "samples", **options))
        return made[-1]

    yield of
    for each in made:
        each.close()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = clock.monotonic_s() + 60
    while not holds():
        assert clock.monotonic_s() < deadline
        time.sleep(0.01)


def test_all_that_was_told_is_read_back(opened: Callable[..., Samples], tmp_path: Path) -> None:
    samples = opened()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    samples(told(1, body=b"[1]", queue_s=0.125, first_part_s=0.0625, shadow=True, trace=trace))
    failed = Reply(status=400, body=b"{}", error="BAD_REQUEST", field="alcohol")
    samples(told(2, reply=failed))
    samples.close()
    first, second = read(tmp_path / "samples")
    assert first == Sample(
        at_ms=1, deployment="wine", revision="3", kind="invocations", status=200, error=None, field=None, rows=1,
        duration_s=0.5, queue_s=0.125, predict_s=0.25, first_part_s=0.0625, batch=2, prompt_tokens=3,
        completion_tokens=4, shadow=True, trace_id="0af7651916cd43dd8448eb211c80319c", rate=1.0,
        request_type="application/json", request=b"[1]", request_bytes=3, reply_type="application/json",
        reply=b'{"predictions": [1]}', reply_bytes=20,
    )  # fmt: skip
    assert (second.status, second.error, second.field, second.prompt_tokens) == (400, "BAD_REQUEST", "alcohol", None)
    assert (samples.kept, samples.dropped) == (2, 0)


def test_samples_are_there_while_the_server_runs(opened: Callable[..., Samples], tmp_path: Path) -> None:
    opened()(told(7))
    wait_until(lambda: len(list(read(tmp_path / "samples"))) == 1)


def test_only_this_user_may_look(opened: Callable[..., Samples], tmp_path: Path) -> None:
    opened()
    (segment,) = segments(tmp_path / "samples")
    assert stat.S_IMODE((tmp_path / "samples").stat().st_mode) == 0o700
    assert stat.S_IMODE(segment.stat().st_mode) == 0o600


def test_long_bodies_are_cut_and_say_so(opened: Callable[..., Samples], tmp_path: Path) -> None:
    samples = opened(max_body_bytes=10)
    samples(told(body=b"x" * 11))
    samples(told(body=b"x" * 10))
    samples.close()
    cut, whole = read(tmp_path / "samples")
    assert (cut.request, cut.request_bytes, cut.whole) == (b"x" * 10, 11, False)
    assert whole.whole


def test_a_tenth_is_about_a_tenth(opened: Callable[..., Samples], tmp_path: Path) -> None:
    samples = opened(rate=0.1)
    for number in range(5000):
        samples(told(number))
    samples.close()
    found = list(read(tmp_path / "samples"))
    assert 350 < len(found) < 650
    assert {each.rate for each in found} == {0.1}


def test_windows_of_time(opened: Callable[..., Samples], tmp_path: Path) -> None:
    samples = opened()
    now = clock.now_ms()
    for number in range(10):
        samples(told(now + number))
    samples.close()
    assert [each.at_ms - now for each in read(tmp_path / "samples", now + 3, now + 6)] == [3, 4, 5]
    (segment,) = segments(tmp_path / "samples")
    os.utime(segment, (1, 1))
    assert list(read(tmp_path / "samples", now)) == []


def test_the_oldest_go_when_the_folder_is_full(
    opened: Callable[..., Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "GATHER_S", 0.0)
    samples = opened(max_bytes=80_000)
    for number in range(100):
        samples(told(number, body=b"x" * 5000))
        wait_until(lambda number=number: samples.kept > number - 5)
    samples.close()
    found = [each.at_ms for each in read(tmp_path / "samples")]
    assert found[-1] == 99
    assert found == list(range(found[0], 100))
    assert found[0] > 50
    assert sum(path.stat().st_size for path in segments(tmp_path / "samples")) < 160_000


def test_the_newest_segment_stays_whatever_its_size(tmp_path: Path) -> None:
    Segment(tmp_path).close()
    shrink(tmp_path, 0)
    assert len(segments(tmp_path)) == 1


@given(cut=st.integers(0, 400))
def test_a_torn_end_loses_the_torn_record_alone(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("torn")
    samples = open_samples(folder)
    for number in range(3):
        samples(told(number))
    samples.close()
    (path,) = segments(folder)
    content = path.read_bytes()
    size = (len(content) - 19) // 3
    path.write_bytes(content[: len(content) - cut])
    left = len(list(read(folder)))
    assert left == max(0, 3 - -(-cut // size))


def test_a_changed_byte_ends_what_is_believed(opened: Callable[..., Samples], tmp_path: Path) -> None:
    samples = opened()
    for number in range(3):
        samples(told(number))
    samples.close()
    (path,) = segments(tmp_path / "samples")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert [each.at_ms for each in read(tmp_path / "samples")] == [0]


def test_what_the_disk_can_not_take_in_time_is_dropped_and_counted(
    opened: Callable[..., Samples], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    samples = opened()
    monkeypatch.setattr(keeping, "WAITING_BYTES", 1000)
    body = b"x" * 400
    for number in range(50):
        samples(told(number, body=body))
    samples.close()
    assert samples.kept >= 2
    assert samples.kept + samples.dropped == 50
    assert [record.getMessage().partition(" can't")[2] for record in caplog.records] == [
        " take samples as fast as requests come: some are dropped."
    ]


def test_full_disk_ends_the_keeping_and_nothing_else(tmp_path: Path) -> None:
    code = f"""
import logging, resource, sys
logging.basicConfig(stream=sys.stdout)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))
from tests.serving.samples.test_samples import told
from headrace.serving.samples import open_samples
samples = open_samples({str(tmp_path)!r})
for number in range(40):
    samples(told(number, body=b"x" * 1000))
samples._thread.join(60)
assert samples.failed
for number in range(10):
    samples(told(number))
assert samples.dropped == 10
samples.close()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("samples are no longer kept") == 1
    assert "File too large" in done.stdout
    assert 10 <= len(list(read(tmp_path))) < 40


def test_places_that_can_not_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidValue, match="nothing can be written there"):
        open_samples(tmp_path / "file" / "below")
    with pytest.raises(InvalidValue, match="a share above 0"):
        open_samples(tmp_path, rate=0)
    with pytest.raises(InvalidValue, match="no such folder"):
        list(read(tmp_path / "nowhere"))
