from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from headrace.cli import monitor_alarm
from headrace.cli.monitor_alarm import Alarm
from headrace.errors import InvalidValue
from headrace.monitoring.report import Finding, Limits, Report, Traffic
from headrace.registry.webhooks import verified

SECRET = "between the two of us"


class Receiver:
    """A real program on a socket. answers: the statuses that it gives, the last one for good."""

    def __init__(self) -> None:
        self.answers = [204]
        self.told: list[dict[str, Any]] = []
        self.genuine: list[bool] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.told.append(json.loads(body))
                receiver.genuine.append(verified(SECRET, dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/drift"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE", "true")
    monkeypatch.setenv("HEADRACE_WEBHOOK_ALLOWED_SCHEMES", "https,http")
    monkeypatch.setenv("HEADRACE_MONITOR_WEBHOOK_SECRET", SECRET)
    monkeypatch.setattr(monitor_alarm, "WAIT_S", 0.0)
    made = Receiver()
    yield made
    made.close()


def report(*columns: str) -> Report:
    findings = [
        Finding(
            column=name, side="input", kind="number", verdict="drift", psi=0.5, p_value=1e-9, why="its values moved"
        )
        for name in columns
    ]
    return Report(
        model="models:/wine@champion",
        revision="3",
        at_ms=1_700_000_000_000,
        reference="its training data",
        limits=Limits(),
        traffic=Traffic(requests=500, first_ms=0, last_ms=1),
        findings=findings,
        alarms=[f"input {name}: its values moved" for name in columns],
    )


def test_drift_is_told_signed_in_the_form_of_the_registrys_events(receiver: Receiver) -> None:
    Alarm(receiver.url).tell(report("alcohol"), None)
    assert receiver.told == [
        {
            "entity": "model_version",
            "action": "drifted",
            "timestamp": "2023-11-14T22:13:20+00:00",
            "data": {
                "model": "models:/wine@champion",
                "revision": "3",
                "alarms": ["input alcohol: its values moved"],
                "columns": [
                    {"column": "alcohol", "side": "input", "psi": 0.5, "p_value": 1e-9, "why": "its values moved"}
                ],
                "requests": 500,
                "run_id": None,
            },
        }
    ]
    assert receiver.genuine == [True]


def test_a_watcher_tells_what_is_new(receiver: Receiver) -> None:
    alarm = Alarm(receiver.url)
    for columns in ((), ("a",), ("a",), ("a", "b"), ("b",), (), ("a",)):
        alarm.tell(report(*columns), None)
    assert [[one["column"] for one in told["data"]["columns"]] for told in receiver.told] == [["a"], ["a", "b"], ["a"]]


def test_a_receiver_that_fails_is_asked_again(receiver: Receiver) -> None:
    receiver.answers = [503, 503, 204]
    Alarm(receiver.url).tell(report("a"), None)
    assert len(receiver.told) == 3


def test_what_could_not_be_told_is_told_at_the_next_look(receiver: Receiver) -> None:
    receiver.answers = [503, 503, 503, 204]
    alarm = Alarm(receiver.url)
    for _ in range(3):
        alarm.tell(report("a"), None)
    assert len(receiver.told) == 4


@pytest.mark.parametrize(("status", "attempts"), [(500, 3), (404, 1), (302, 1)])
def test_a_refusal_is_said_and_the_report_stands(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], status: int, attempts: int
) -> None:
    receiver.answers = [status]
    Alarm(receiver.url).tell(report("a"), None)
    assert len(receiver.told) == attempts
    assert f"answered {status}" in capsys.readouterr().err


def test_private_addresses_are_refused_before_anything_is_looked_at(receiver: Receiver) -> None:
    monitor_alarm.check(receiver.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HEADRACE_WEBHOOK_ALLOW_PRIVATE")
        with pytest.raises(InvalidValue, match="isn't a public address"):
            monitor_alarm.check(receiver.url)
