from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from headrace.server import watch
from headrace.stores.sql import open_sql_store
from tests.server.calls import Process, running

API = "/api/2.0/mlflow"
STREAM = "/api/1.0/headrace/changes/stream"
SOON_S = 10


class Events:
    """An open stream. next: the data of the next event, its id among it."""

    def __init__(self, server: Process, headers: dict[str, str], query: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SOON_S)
        self.connection.request("GET", f"{STREAM}?{query}", headers=headers)
        self.answer = self.connection.getresponse()

    def lines(self) -> list[str]:
        """Up to the next empty line; none at the end of the stream."""
        found = []
        while line := self.answer.readline().decode():
            if line == "\n":
                return found
            found.append(line.rstrip("\n"))
        return []

    def next(self) -> dict[str, Any]:
        while True:
            lines = self.lines()
            assert lines, "the stream has ended"
            fields = dict(line.split(": ", 1) for line in lines)
            if "event" not in fields:
                continue
            assert fields["event"] == "changes"
            data: dict[str, Any] = json.loads(fields["data"])
            assert data["cursor"] == fields["id"]
            return data

    def runs_until(self, wanted: set[str]) -> str:
        """The cursor after all of the wanted runs have been told."""
        told: set[str] = set()
        while True:
            data = self.next()
            told |= {run["run_id"] for run in data.get("runs", [])}
            if wanted <= told:
                cursor: str = data["cursor"]
                return cursor

    def close(self) -> None:
        self.connection.close()


@contextmanager
def listening(server: Process, *experiments: str, since: str = "", last: str = "") -> Iterator[Events]:
    query = urlencode({"experiment_ids": experiments, **({"since": since} if since else {})}, doseq=True)
    with closing(Events(server, {"Last-Event-ID": last} if last else {}, query)) as events:
        assert events.answer.status == 200, events.answer.read()
        yield events


def made(server: Process, experiment: str = "0") -> str:
    run: dict[str, Any] = server.request("POST", f"{API}/runs/create", {"experiment_id": experiment}).json["run"]
    run_id: str = run["info"]["run_id"]
    return run_id


def log(server: Process, run_id: str) -> None:
    point = {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1, "step": 1}
    assert server.request("POST", f"{API}/runs/log-metric", point).status == 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("server")) as process:
        yield process
        assert process.stop() == 0
        assert "Traceback" not in process.errors.read_text()


def test_first_event_tells_where_now_is_and_the_next_ones_what_happens(server: Process) -> None:
    before = made(server)
    with listening(server) as events:
        assert events.answer.getheader("content-type", "").startswith("text/event-stream")
        assert events.answer.getheader("cache-control") == "no-store"
        first = events.next()
        assert first == {"cursor": first["cursor"]}
        run_id = made(server)
        told = events.next()
        assert told["runs"] == [{"run_id": run_id, "experiment_id": "0"}]
        waited = []
        for _ in range(4):
            started = time.monotonic()
            log(server, before)
            assert [run["run_id"] for run in events.next()["runs"]] == [before]
            waited.append(time.monotonic() - started)
        assert min(waited) < 0.6, "a write through this server waits for the next look"


def test_what_came_meanwhile_is_told_from_the_last_event_on(server: Process) -> None:
    with listening(server) as events:
        cursor = events.next()["cursor"]
    runs = {made(server) for _ in range(3)}
    for given in ({"last": cursor}, {"since": cursor}, {"last": cursor, "since": "garbage"}):
        with listening(server, **given) as events:
            assert {run["run_id"] for run in events.next()["runs"]} >= runs
            later = made(server)
            events.runs_until({later})


def test_only_runs_of_the_asked_experiments_are_told(server: Process) -> None:
    one, two = (
        server.request("POST", f"{API}/experiments/create", {"name": name}).json["experiment_id"]
        for name in ("stream one", "stream two")
    )
    with listening(server, one) as of_one, listening(server) as of_all:
        of_one.next()
        of_all.next()
        other, run_id = made(server, two), made(server, one)
        of_all.runs_until({other, run_id})
        assert of_one.next()["runs"] == [{"run_id": run_id, "experiment_id": one}]


def test_more_runs_than_a_page_are_told_in_pages(server: Process) -> None:
    with listening(server) as events:
        cursor = events.next()["cursor"]
    folder = server.errors.parent
    store = open_sql_store(f"sqlite:///{folder}/.headrace/headrace.db", "mlflow-artifacts:/")
    try:
        experiment = store.create_experiment("many")
        writes = [store.submit("create_run", experiment) for _ in range(watch.PAGE + 5)]
        runs = {write.result().info.run_id for write in writes}
    finally:
        store.close()
    with listening(server, experiment, last=cursor) as events:
        page = events.next()
        assert (len(page["runs"]), page["more"]) == (watch.PAGE, True)
        rest = events.next()
        assert {run["run_id"] for run in page["runs"] + rest["runs"]} == runs


@pytest.mark.parametrize(("query", "field"), [("since=garbage", "since"), ("experiment_ids=x", "experiment")])
def test_bad_requests_are_refused(server: Process, query: str, field: str) -> None:
    answer = server.request("GET", f"{STREAM}?{query}")
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer.json["message"]


def test_head_asks_for_no_stream(server: Process) -> None:
    answer = server.request("HEAD", STREAM)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_listeners_are_limited_and_those_that_are_gone_make_room(server: Process) -> None:
    with ExitStack() as opened:
        for _ in range(watch.MAX_LISTENERS):
            opened.enter_context(listening(server))
        refused = server.request("GET", STREAM)
        assert (refused.status, refused.json["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
        assert int(refused.headers["retry-after"]) > 0
    deadline = time.monotonic() + SOON_S
    while server.request("HEAD", STREAM).status == 429:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with listening(server) as events:
        events.next()
        events.runs_until({made(server)})


def test_one_that_reads_nothing_holds_up_nobody(server: Process) -> None:
    query = urlencode({"since": "0.0.0"})
    with listening(server) as quick, socket.create_connection(("127.0.0.1", server.port)) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.sendall(f"GET {STREAM}?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        quick.next()
        for _ in range(20):
            quick.runs_until({made(server)})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_waits_for_no_listener(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as server, ExitStack() as opened:
        streams = [opened.enter_context(listening(server)) for _ in range(20)]
        for stream in streams:
            stream.next()
        started = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - started < 5
        for stream in streams:
            while lines := stream.lines():
                assert lines[0].startswith(":")
        assert server.errors.read_text() == ""


def test_many_workers_with_listeners_stop_at_once(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as server, ExitStack() as opened:
        streams = [opened.enter_context(listening(server)) for _ in range(8)]
        for stream in streams:
            stream.next()
        run_id = made(server)
        for stream in streams:
            stream.runs_until({run_id})
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 5


@pytest.mark.postgres
def test_listeners_at_every_server_hear_what_any_of_them_writes(tmp_path: Path, fresh_postgres_url: str) -> None:
    folders = [tmp_path / name for name in ("a", "b", "c")]
    with ExitStack() as opened:
        servers = []
        for folder in folders:
            folder.mkdir()
            servers.append(opened.enter_context(running(folder, "--backend-store-uri", fresh_postgres_url)))
        streams = [opened.enter_context(listening(server)) for server in servers for _ in range(2)]
        for stream in streams:
            stream.next()
        runs: list[str] = []

        def write(server: Process) -> None:
            for _ in range(10):
                runs.append(made(server))
                log(server, runs[-1])

        threads = [threading.Thread(target=write, args=(server,)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for stream in streams:
            stream.runs_until(set(runs))
        for server in servers:
            assert server.stop() == 0


@pytest.mark.postgres
def test_an_open_transaction_on_postgresql_repeats_nothing(tmp_path: Path, fresh_postgres_url: str) -> None:
    import psycopg

    with running(tmp_path, "--backend-store-uri", fresh_postgres_url) as server, listening(server) as events:
        events.next()
        with psycopg.connect(fresh_postgres_url) as open_one:
            open_one.execute("SELECT pg_current_xact_id()")
            first = made(server)
            events.runs_until({first})
            time.sleep(3 * watch.LOOK_EVERY_S)
            second = made(server)
            assert [run["run_id"] for run in events.next()["runs"]] == [second]
            log(server, first)
            assert [run["run_id"] for run in events.next()["runs"]] == [first]
