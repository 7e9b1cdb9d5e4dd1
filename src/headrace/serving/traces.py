"""Spans of OpenTelemetry, one for each request, sent by OTLP over HTTP.

The standard variables say where to and how: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME,
OTEL_TRACES_SAMPLER and so on. A `traceparent` header makes the span a child of the caller's. Spans have the attributes
of the semantic conventions for HTTP and, of language models, for GenAI; no body, and no header but that one.
"""

from __future__ import annotations

from typing import Any

from headrace.lazy import optional_import
from headrace.serving.call import PATHS, Kind
from headrace.serving.observe import Observation

CLOSE_MS = 5000
_OPERATIONS: dict[Kind, str] = {"chat": "chat", "completions": "text_completion", "embeddings": "embeddings"}
_MS = 1_000_000  # nanoseconds


class Traces:
    """An observer. Spans wait in memory for a thread that sends them; where a collector can't be reached, they are lost
    and the exporter says so."""

    def __init__(self) -> None:
        sdk = optional_import("opentelemetry.sdk.trace", extra="otel", why="for traces")
        export = optional_import("opentelemetry.sdk.trace.export", extra="otel", why="for traces")
        otlp = optional_import("opentelemetry.exporter.otlp.proto.http.trace_exporter", extra="otel", why="for traces")
        resources = optional_import("opentelemetry.sdk.resources", extra="otel", why="for traces")
        self._api = optional_import("opentelemetry.trace", extra="otel", why="for traces")
        propagation = optional_import("opentelemetry.trace.propagation.tracecontext", extra="otel", why="for traces")
        self._context = propagation.TraceContextTextMapPropagator()
        # The variables' own name of the service wins.
        named = resources.Resource({"service.name": "headrace"}).merge(resources.OTELResourceDetector().detect())
        self._provider: Any = sdk.TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("headrace.serving")

    def __call__(self, told: Observation) -> None:
        call, reply = told.call, told.reply
        operation = _OPERATIONS.get(call.kind)
        route = PATHS[call.kind]
        span = self._tracer.start_span(
            f"{operation} {told.deployment}" if operation and told.deployment else f"POST {route}",
            context=self._context.extract({"traceparent": told.trace}) if told.trace else None,
            kind=self._api.SpanKind.SERVER,
            start_time=told.at_ms * _MS,
            attributes=_attributes(told, operation, route),
        )
        if reply.status >= 500:
            span.set_status(self._api.Status(self._api.StatusCode.ERROR))
        if told.first_part_s is not None:
            span.add_event("first part", timestamp=told.at_ms * _MS + int(told.first_part_s * 1e9))
        span.end(told.at_ms * _MS + int(told.duration_s * 1e9))

    def close(self) -> None:
        """Sends what waits, for a few seconds at most."""
        self._provider.force_flush(CLOSE_MS)
        self._provider.shutdown()


def _attributes(told: Observation, operation: str | None, route: str) -> dict[str, str | int | float | bool]:
    call, reply = told.call, told.reply
    found: dict[str, str | int | float | bool] = {
        "http.request.method": "POST",
        "http.route": route,
        "http.response.status_code": reply.status,
        "http.request.body.size": len(call.body),
        "http.response.body.size": len(reply.body),
        "headrace.model": told.deployment,
        "headrace.revision": told.revision,
        "headrace.queue_s": told.queue_s,
        "headrace.predict_s": reply.predict_s,
        "headrace.batch": reply.batch,
        "headrace.rows": reply.rows,
        "headrace.shadow": told.shadow,
    }
    if reply.error is not None:
        found["error.type"] = reply.error
    if operation is not None:
        found |= {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": "headrace",
            "gen_ai.request.model": told.deployment,
            "gen_ai.response.model": told.deployment,
        }
    if reply.usage is not None:
        found |= {
            "gen_ai.usage.input_tokens": reply.usage.prompt,
            "gen_ai.usage.output_tokens": reply.usage.completion,
        }
    return found


def open_traces() -> Traces:
    """Raises MissingPackage without the extra `otel`."""
    return Traces()
