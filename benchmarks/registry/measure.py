"""One row's figure: latency or throughput of a server by wrk, digests in this process."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.registry.plan import CONNECTIONS, Request, Size
from benchmarks.tracking.measure import Figure, median
from benchmarks.tracking.rest import PREFIX, Rest
from benchmarks.tracking.systems import Running
from benchmarks.tracking.wrk import load

MEGA = 1e6
READ_BYTES = 1 << 20
FILES = 4


def latency(running: Running, request: Request, size: Size) -> Figure:
    """Median over the repeats of each repeat's median."""
    answer = Rest(running.url).send(request.method, request.target_path)
    assert request.holds(answer), f"{running.system.title} answers {request.id} with {str(answer)[:500]}"
    args = (request.method, request.target_path, "-")
    warm = load("fixed", running.url, *args, connections=1, duration_s=1)
    seen = [
        load("fixed", running.url, *args, connections=1, duration_s=max(size.duration_s, warm.duration_s))
        for _ in range(size.repeats)
    ]
    return median([each.p50_ms for each in seen], p99_ms=max(each.p99_ms for each in seen))


def creation(running: Running, size: Size) -> Figure:
    """Every thread of wrk makes versions of a model of its own: MLflow's versions of one model would collide."""
    body = {"name": "model-{thread}", "source": "s3://bucket/models/made", "run_id": "1" * 32}
    file = running.folder / "create.json"
    file.write_bytes(msgspec.json.encode(body))
    args = (f"{PREFIX}/model-versions/create", str(file))
    options = {"connections": CONNECTIONS, "threads": CONNECTIONS}
    load("by_thread", running.url, *args, duration_s=1, **options)
    seen = [load("by_thread", running.url, *args, duration_s=size.duration_s, **options) for _ in range(size.repeats)]
    return median([each.per_s for each in seen], p99_ms=max(each.p99_ms for each in seen))


def digests(folder: Path, size: Size) -> tuple[Figure, Figure]:
    """(one file in % of hashlib, four files in × of one): by turns, so that what else the machine does hits both."""
    from headrace.packaging import manifest

    one, four = folder / "one", folder / "four"
    _write(one / "0.bin", size.digest_bytes)
    for number in range(FILES):
        _write(four / f"{number}.bin", size.digest_bytes)
    own, single, several = [], [], []
    for _ in range(max(3, size.repeats)):
        own.append(_rate(size.digest_bytes, lambda: _plain(one / "0.bin")))
        single.append(_rate(size.digest_bytes, lambda: manifest.take(one)))
        several.append(_rate(size.digest_bytes * FILES, lambda: manifest.take(four)))
    shares = [mine / plain * 100 for mine, plain in zip(single, own, strict=True)]
    gains = [all_of / mine for all_of, mine in zip(several, single, strict=True)]
    return (
        median(shares, note=f"{_middle(single):,.0f} of {_middle(own):,.0f} MB/s"),
        median(gains, note=f"{_middle(several):,.0f} MB/s, {os.cpu_count()} cores"),
    )


def _middle(samples: list[float]) -> float:
    return sorted(samples)[len(samples) // 2] / MEGA


def _write(path: Path, size_bytes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for _ in range(size_bytes // READ_BYTES):
            file.write(os.urandom(READ_BYTES))


def _rate(size_bytes: int, work: Callable[[], object]) -> float:
    """Bytes a second."""
    began = time.perf_counter()
    work()
    return size_bytes / (time.perf_counter() - began)


def _plain(path: Path) -> str:
    """What `sha256sum` does: one thread, a buffer that fits the cache."""
    digest, buffer = hashlib.sha256(), memoryview(bytearray(READ_BYTES))
    with path.open("rb", buffering=0) as file:
        while read := file.readinto(buffer):
            digest.update(buffer[:read])
    return digest.hexdigest()
