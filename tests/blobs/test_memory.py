"""Files pass through in chunks: what a process keeps in memory doesn't grow with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.live_server import LiveServer, live_server
from tests.support.s3 import S3Server

SIZE_BYTES = 200 << 20
# Chunks in flight, S3's parts (4 of 8 MiB), and what the allocator keeps: far below the file.
ALLOWED_GROWTH_BYTES = 80 << 20


def resident_bytes(pid: int, field: str = "VmHWM") -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(f"no {field}")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def body() -> Iterator[bytes]:
    chunk = b"x" * (1 << 20)
    for _ in range(SIZE_BYTES >> 20):
        yield chunk


def pass_through(server: LiveServer) -> int:
    """Peak growth of the server while the file goes in and out."""
    url = f"{server.proxy}/big.bin"
    requests.put(url, data=b"warm")
    requests.get(url)
    forget_peak(server.pid)
    before = resident_bytes(server.pid, "VmRSS")
    assert requests.put(url, data=body()).status_code == 200
    received = 0
    with requests.get(url, stream=True) as answer:
        for chunk in answer.iter_content(1 << 20):
            received += len(chunk)
    assert received == SIZE_BYTES
    return resident_bytes(server.pid) - before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
class TestServer:
    @pytest.mark.parametrize("destination", ["folder", pytest.param("s3", marks=pytest.mark.full)])
    def test_file_passes_through_the_proxy(self, destination: str, s3_server: S3Server, tmp_path: Path) -> None:
        where = f"s3://{s3_server.new_bucket()}/x" if destination == "s3" else str(tmp_path / "kept")
        options = ("--backend-store-uri", "memory:", "--artifacts-destination", where)
        with live_server(tmp_path, *options, environment=s3_server.environment) as server:
            assert pass_through(server) < ALLOWED_GROWTH_BYTES

    def test_slow_readers_hold_a_chunk_each(self, tmp_path: Path) -> None:
        options = ("--backend-store-uri", "memory:", "--artifacts-destination", str(tmp_path / "kept"))
        with live_server(tmp_path, *options) as server:
            url = f"{server.proxy}/big.bin"
            requests.put(url, data=body())
            forget_peak(server.pid)
            before = resident_bytes(server.pid, "VmRSS")
            waiting = [requests.get(url, stream=True) for _ in range(20)]
            assert requests.get(f"{server.url}/health", timeout=5).status_code == 200
            # Nobody reads, and yet others are served: no thread waits for a slow client.
            assert requests.get(url, headers={"Range": "bytes=0-9"}, timeout=5).content == b"x" * 10
            for answer in waiting:
                answer.close()
            assert resident_bytes(server.pid) - before < ALLOWED_GROWTH_BYTES


CLIENT = """
import sys
from pathlib import Path
import headrace as mlflow
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_text("warm", "a.txt")
    mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/a.txt")
    peak = lambda: next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM"))
    before = peak()
    mlflow.log_artifact(sys.argv[2])
    mlflow.log_stream(open(sys.argv[2], "rb"), "stream.bin")
    got = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}", dst_path=sys.argv[3])
    assert Path(got, "stream.bin").stat().st_size == Path(sys.argv[2]).stat().st_size
    print((peak() - before) << 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.full
@pytest.mark.parametrize("place", ["embedded", "server"])
def test_client_keeps_no_file_in_memory(place: str, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        for chunk in body():
            file.write(chunk)

    def growth(uri: str) -> int:
        command = [sys.executable, "-c", CLIENT, uri, str(big), str(tmp_path / "down")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.splitlines()[0])

    if place == "embedded":
        assert growth(str(tmp_path / "store")) < ALLOWED_GROWTH_BYTES
        return
    with live_server(tmp_path / "server") as server:
        assert growth(server.url) < ALLOWED_GROWTH_BYTES
