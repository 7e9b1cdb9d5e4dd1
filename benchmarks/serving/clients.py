"""Loads that wrk can't make: one client at a time, to the first part of a streamed answer."""

import http.client
import json
import time
from statistics import median
from urllib.parse import urlsplit


def first_tokens(url: str, body: dict[str, object], count: int) -> list[float]:
    """Seconds to the first text of a streamed chat."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    took = []
    sent = json.dumps({**body, "stream": True})
    for _ in range(count):
        begun = time.perf_counter()
        connection.request("POST", "/v1/chat/completions", sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        while line := answer.readline():
            if line.startswith(b"data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
                took.append(time.perf_counter() - begun)
                break
        answer.read()
    connection.close()
    return took


def answer_of(url: str, path: str, body: bytes) -> dict[str, object]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found: dict[str, object] = json.loads(answer.read())
    connection.close()
    return found


def in_ms(seconds: list[float]) -> float:
    return median(seconds) * 1000
