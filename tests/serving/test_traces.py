from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from headrace.serving.call import Call, Kind, Reply, Usage
from headrace.serving.observe import Observation
from headrace.serving.traces import Traces, open_traces

TRACE_ID, CALLER_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
AT_MS = 1_700_000_000_000


class Collector:
    """A real OTLP receiver on a socket."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.paths.append(self.path)
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def resource(self) -> dict[str, str]:
        attributes = self.requests[0].resource_spans[0].resource.attributes
        return {one.key: one.value.string_value for one in attributes}

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for one in self.requests
            for of in one.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def opened(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Traces]]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    made: list[Traces] = []

    def of() -> Traces:
        made.append(open_traces())
        return made[-1]

    yield of
    for each in made:
        each.close()


def told(kind: Kind = "invocations", **fields: Any) -> Observation:
    given: dict[str, Any] = {
        "deployment": "wine",
        "revision": "3",
        "reply": Reply(status=200, body=b"{}", rows=2, predict_s=0.25),
        "at_ms": AT_MS,
        "duration_s": 0.5,
    }
    return Observation(call=Call(id=1, kind=kind, body=b"secret rows", deadline=0.0), **{**given, **fields})


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_request_becomes_a_span_below_its_callers(opened: Callable[[], Traces], collector: Collector) -> None:
    traces = opened()
    traces(told(trace=f"00-{TRACE_ID}-{CALLER_ID}-01"))
    traces.close()
    (span,) = collector.spans
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE_ID, CALLER_ID)
    assert (span.name, span.kind) == ("POST /invocations", 2)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 500_000_000
    assert span.start_time_unix_nano == AT_MS * 1_000_000
    found = attributes(span)
    assert (found["http.route"], found["http.response.status_code"], found["http.request.method"]) == (
        "/invocations", 200, "POST",
    )  # fmt: skip
    assert (found["headrace.model"], found["headrace.revision"], found["headrace.rows"]) == ("wine", "3", 2)
    assert collector.paths == ["/v1/traces"]
    assert collector.resource["service.name"] == "headrace"
    assert b"secret rows" not in collector.requests[0].SerializeToString()


def test_a_chat_has_the_attributes_of_generative_models(opened: Callable[[], Traces], collector: Collector) -> None:
    traces = opened()
    traces(told("chat", reply=Reply(status=200, body=b"", usage=Usage(12, 16)), first_part_s=0.125))
    traces.close()
    (span,) = collector.spans
    assert span.name == "chat wine"
    found = attributes(span)
    assert (found["gen_ai.operation.name"], found["gen_ai.request.model"]) == ("chat", "wine")
    assert (found["gen_ai.usage.input_tokens"], found["gen_ai.usage.output_tokens"]) == (12, 16)
    (event,) = span.events
    assert (event.name, event.time_unix_nano - span.start_time_unix_nano) == ("first part", 125_000_000)
    assert span.parent_span_id == b""


@pytest.mark.parametrize(("status", "is_error"), [(400, False), (503, True)])
def test_errors_of_the_server_are_errors_of_the_span(
    opened: Callable[[], Traces], collector: Collector, status: int, is_error: bool
) -> None:
    traces = opened()
    traces(told(reply=Reply(status=status, body=b"", error="TEMPORARILY_UNAVAILABLE")))
    traces.close()
    (span,) = collector.spans
    assert attributes(span)["error.type"] == "TEMPORARILY_UNAVAILABLE"
    assert (span.status.code == 2) is is_error


def test_a_broken_header_begins_a_trace_of_its_own(opened: Callable[[], Traces], collector: Collector) -> None:
    traces = opened()
    traces(told(trace="nonsense"))
    traces(told(trace=f"00-{TRACE_ID}-{CALLER_ID}-00"))  # a caller that isn't sampled has no spans below it
    traces.close()
    (span,) = collector.spans
    assert span.parent_span_id == b""


def test_standard_variables_name_the_service(
    opened: Callable[[], Traces], collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "cellar")
    traces = opened()
    traces(told())
    traces.close()
    assert collector.resource["service.name"] == "cellar"


def test_a_collector_that_is_gone_costs_nothing_but_the_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    traces = open_traces()
    for _ in range(100):
        traces(told())
    traces.close()
