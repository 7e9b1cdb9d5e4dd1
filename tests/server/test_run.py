from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headrace.stores.sql import open_sql_store
from tests.server.calls import Process, running

API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("server")) as process:
        yield process


def make_run(server: Process) -> str:
    run_id: str = server.request("POST", f"{API}/runs/create", {"experiment_id": "0"}).json["run"]["info"]["run_id"]
    return run_id


def test_a_server_on_a_free_port_says_where_it_listens(server: Process) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    assert server.port != 0
    assert server.request("GET", "/health").text == "OK"


def test_a_run_is_logged_over_a_socket(server: Process) -> None:
    run_id = make_run(server)
    metrics = [{"key": "m", "value": step / 7, "timestamp": step, "step": step} for step in range(1000)]
    assert server.request("POST", f"{API}/runs/log-batch", {"run_id": run_id, "metrics": metrics}).json == {}
    run = server.request("GET", f"{API}/runs/get?run_id={run_id}").json["run"]
    assert run["data"]["metrics"] == [{"key": "m", "value": 999 / 7, "timestamp": 999, "step": 999}]


def test_many_threads_write_at_once(server: Process) -> None:
    run_id = make_run(server)
    failures: list[str] = []

    def write(thread: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for step in range(50):
            body = json.dumps(
                {"run_id": run_id, "key": "m", "value": 1, "timestamp": step, "step": thread * 100 + step}
            )
            connection.request("POST", f"{API}/runs/log-metric", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                failures.append(text.decode())
        connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    history = server.request("GET", f"{API}/metrics/get-history?run_id={run_id}&metric_key=m").json["metrics"]
    assert len(history) == 400


def raw(server: Process, data: bytes, timeout_s: float = 20) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout_s) as connection:
        connection.sendall(data)
        answer = b""
        while True:
            try:
                part = connection.recv(1 << 16)
            except ConnectionResetError:
                return answer
            if not part:
                return answer
            answer += part


def test_an_endless_head_is_refused(server: Process) -> None:
    endless = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * (128 << 10)
    assert raw(server, endless).startswith(b"HTTP/1.1 400 ")
    many = b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X-Short: a\r\n" * 20_000
    assert raw(server, many).startswith(b"HTTP/1.1 400 ")


def test_a_large_body_in_one_piece_with_its_head_is_no_endless_head(server: Process) -> None:
    body = json.dumps({"experiment_ids": ["0"], "unknown": "x" * (256 << 10)}).encode()
    head = (
        f"POST {API}/runs/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    assert raw(server, head + body).startswith(b"HTTP/1.1 200 ")


def test_rubbish_instead_of_http_is_refused(server: Process) -> None:
    assert raw(server, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_an_oversize_body_is_refused_before_it_is_sent(server: Process) -> None:
    head = (
        f"POST {API}/runs/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {1 << 30}\r\n\r\n"
    ).encode()
    answer = raw(server, head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert str(64 << 20).encode() in answer


def test_a_client_that_goes_away_midway_leaves_the_server_well(server: Process) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            f"POST {API}/runs/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000\r\n\r\n{".encode()
        )
    assert server.request("GET", "/health").status == 200
    assert "Traceback" not in server.errors.read_text()


def test_head_has_the_headers_of_get_and_no_body(server: Process) -> None:
    asked, answered = (
        server.request("HEAD", f"{API}/experiments/get?experiment_id=0"),
        server.request("HEAD", "/version"),
    )
    assert (asked.status, asked.body) == (200, b"")
    assert int(asked.headers["content-length"]) > 0
    assert (answered.headers["content-length"], answered.body) == ("6", b"")


def test_two_requests_in_one_piece_are_both_answered(server: Process) -> None:
    one = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw(server, one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.endswith(b"3.17.2")


def slow(folder: Path, setting: str) -> list[str]:
    """A server whose patience is short."""
    script = folder / "slow.py"
    script.write_text(
        "from headrace.cli import main\n"
        "from headrace.asgi import body, protocol\n"
        "from headrace.asgi.body import receive_within\n"
        f"{setting}\n"
        "if __name__ == '__main__':\n"
        "    main()\n"
    )
    return [sys.executable, str(script), "server"]


def test_a_head_that_does_not_come_to_its_end_is_cut(tmp_path: Path) -> None:
    command = slow(tmp_path, "protocol.GuardedProtocol.head_timeout_s = 0.3")
    with running(tmp_path, "--backend-store-uri", "memory:", command=command) as server:
        for begin in (b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\n"):
            started = time.monotonic()
            assert raw(server, begin) == b""
            assert time.monotonic() - started < 10
        first = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert raw(server, first + b"GET /ver").count(b"HTTP/1.1") == 1


def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    setting = "body.receive_within = lambda receive, timeout_s: receive_within(receive, 0.3)"
    with running(tmp_path, "--backend-store-uri", "memory:", command=slow(tmp_path, setting)) as server:
        head = (
            f"POST {API}/runs/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n{"
        ).encode()
        assert raw(server, head).startswith(b"HTTP/1.1 504 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_acknowledged_before_a_stop_is_on_disk(tmp_path: Path, number: signal.Signals) -> None:
    acknowledged = [0] * 4
    with running(tmp_path) as server:
        run_id = make_run(server)

        def write(thread: int) -> None:
            with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
                write_until_refused(connection, thread)

        def write_until_refused(connection: http.client.HTTPConnection, thread: int) -> None:
            for step in range(100_000):
                body = json.dumps(
                    {"run_id": run_id, "key": f"m{thread}", "value": step, "timestamp": step, "step": step}
                )
                try:
                    connection.request("POST", f"{API}/runs/log-metric", body, {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    return
                if answer.status != 200:
                    return
                acknowledged[thread] = step + 1

        threads = [threading.Thread(target=write, args=(at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        while min(acknowledged) < 20:
            time.sleep(0.005)
        assert server.stop(number) == 0
        for thread in threads:
            thread.join()
        assert "Traceback" not in server.errors.read_text()
    store = open_sql_store(f"sqlite:///{tmp_path}/.headrace/headrace.db", "mlflow-artifacts:/")
    kept = [len(store.get_metric_history(run_id, f"m{thread}")) for thread in range(4)]
    store.close()
    assert all(have >= known for have, known in zip(kept, acknowledged, strict=True))


def test_a_stop_waits_for_the_request_that_runs(tmp_path: Path) -> None:
    command = slow(
        tmp_path,
        "import time\nfrom headrace.stores.memory import MemoryStore\n"
        "MemoryStore.count_runs = lambda *_, **__: (open('begun', 'w').close(), time.sleep(1), 7)[-1]",
    )
    with running(tmp_path, "--backend-store-uri", "memory:", command=command) as server:
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(server.request("POST", "/api/1.0/headrace/runs/count", {}))
        )
        thread.start()
        while not (tmp_path / "begun").exists():
            time.sleep(0.01)
        assert server.stop() == 0
        thread.join()
    assert answers[0].json == {"count": 7}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(server: Process) -> list[int]:
    """Without multiprocessing's resource tracker."""
    return [pid for pid in children(server.process.pid) if b"spawn_main" in command_line(pid)]


def command_line(pid: int) -> bytes:
    """Nothing of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(condition: object, timeout_s: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
def test_several_processes_serve_one_store_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as server:
        first = workers(server)
        assert len(first) == 2
        run_id = make_run(server)
        for step in range(20):
            body = {"run_id": run_id, "key": "m", "value": step, "timestamp": step, "step": step}
            assert server.request("POST", f"{API}/runs/log-metric", body).status == 200
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(workers(server)) == 2 and first[0] not in workers(server))
        history = server.request("GET", f"{API}/metrics/get-history?run_id={run_id}&metric_key=m").json["metrics"]
        assert len(history) == 20
        second = workers(server)
        assert server.stop() == 0
        assert all(gone(pid) for pid in second)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as server:
        left = workers(server)
        server.stop(signal.SIGKILL)
        until(lambda: all(gone(pid) for pid in left))


def failing(folder: Path, *options: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("headrace")), "server", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_told(server: Process, tmp_path: Path) -> None:
    message = failing(tmp_path, "--port", str(server.port))
    assert str(server.port) in message
    assert "--port" in message


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_store_that_can_not_be_opened_is_told(tmp_path: Path, workers: str) -> None:
    (tmp_path / "file").write_text("no database")
    message = failing(tmp_path, "--port", "0", "--backend-store-uri", "sqlite:///file", "--workers", workers)
    assert "file" in message


def test_an_address_of_a_server_is_no_store(tmp_path: Path) -> None:
    assert "sqlite:///" in failing(tmp_path, "--port", "0", "--backend-store-uri", "http://localhost:5000")


def test_a_name_without_address_is_told(tmp_path: Path) -> None:
    assert "host" in failing(tmp_path, "--port", "0", "--host", "no.such.host.invalid")


def test_an_open_address_without_authentication_warns(tmp_path: Path) -> None:
    with running(tmp_path, "--host", "0.0.0.0", "--backend-store-uri", "memory:") as server:
        assert "--auth" in server.errors.read_text()
    with running(tmp_path, "--host", "0.0.0.0", "--backend-store-uri", "memory:", "--auth", "token") as server:
        assert "--auth" not in server.errors.read_text()
        assert server.request("GET", f"{API}/experiments/get?experiment_id=0").status == 401


def test_options_of_mlflows_server_are_taken(tmp_path: Path) -> None:
    options = [
        "--backend-store-uri",
        "sqlite:///mine.db",
        "--durability",
        "normal",
        "--default-artifact-root",
        "./files",
        "--workers",
        "1",
    ]
    options += ["--gunicorn-opts", "--timeout 5", "--dev", "--registry-store-uri", "sqlite:///mine.db"]
    options += ["--app-name", "basic-auth", "--static-prefix", "/x/", "--allowed-hosts", "a.example, b.example"]
    with running(tmp_path, *options) as server:
        assert server.request("GET", "/x/health", headers={"Host": "b.example"}).status == 200
        assert server.request("GET", f"/x{API}/experiments/get?experiment_id=0").status == 401
        assert server.errors.read_text().count("has no effect") == 2


def test_options_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", "memory:")
    monkeypatch.setenv("MLFLOW_STATIC_PREFIX", "/env")
    with running(tmp_path) as server:
        assert server.request("GET", "/env/health").status == 200
    assert not (tmp_path / ".headrace").exists()
