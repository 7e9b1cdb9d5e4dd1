"""The endpoint table as an OpenAPI 3.1 document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec

from headrace.errors import HTTP_STATUS
from headrace.server.options import MLFLOW_VERSION
from headrace.server.release import RELEASE
from headrace.wire.endpoint import BYTES, JSON, Endpoint
from headrace.wire.endpoints import ENDPOINTS
from headrace.wire.messages.fields import Done

_REF = "#/components/schemas/{name}"
_ERROR = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string", "enum": sorted(HTTP_STATUS)},
        "message": {"type": "string"},
        "sqlstate": {"type": "string"},
        "error_class": {"type": "string"},
    },
}


@cache
def openapi_document(prefix: str) -> bytes:
    messages = {kind.__name__: kind for endpoint in ENDPOINTS for kind in (endpoint.request, endpoint.answer)}
    _, schemas = msgspec.json.schema_components(messages.values(), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        path = paths.setdefault(endpoint.path.replace(":path}", "}"), {})
        for method in endpoint.methods:
            path[method.lower()] = _operation(endpoint, method, schemas)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Headrace",
                "version": RELEASE,
                "description": f"Speaks the REST API of MLflow {MLFLOW_VERSION}. Paths under /api also answer "
                "under /ajax-api.",
            },
            "servers": [{"url": prefix or "/"}],
            "paths": paths,
            "components": {
                "schemas": {**schemas, "Error": _ERROR},
                "securitySchemes": {
                    "basic": {"type": "http", "scheme": "basic"},
                    "token": {"type": "http", "scheme": "bearer"},
                },
            },
        }
    ).encode()


def _operation(endpoint: Endpoint[Any, Any], method: str, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[endpoint.request.__name__]
    fields: dict[str, Any] = schema.get("properties", {})
    in_query = method == "GET" or endpoint.upload
    operation: dict[str, Any] = {
        "operationId": endpoint.name if method == endpoint.methods[0] else f"{endpoint.name}.{method.lower()}",
        "summary": endpoint.doc,
        "tags": [endpoint.name.partition(".")[0]],
        "x-permission": endpoint.permission,
        "security": [] if endpoint.permission == "public" else [{}, {"basic": []}, {"token": []}],
        "parameters": [
            {
                "name": name,
                "in": "path" if name in endpoint.placeholders else "query",
                "required": name in endpoint.placeholders or name in schema.get("required", ()),
                "schema": field,
            }
            for name, field in fields.items()
            if in_query or name in endpoint.placeholders
        ],
        "responses": {"200": {"description": "Done.", "content": _content(endpoint)}, **_errors(endpoint)},
    }
    if endpoint.upload:
        operation["requestBody"] = {"content": {BYTES: {"schema": {}}}}
    elif not in_query:
        reference = {"$ref": _REF.format(name=endpoint.request.__name__)}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": reference}}}
    return operation


def _content(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    return {
        media: {"schema": {"$ref": _REF.format(name=endpoint.answer.__name__)}} if media == JSON else {}
        for media in endpoint.media
        if not (endpoint.upload and endpoint.answer is Done)
    }


def _errors(endpoint: Endpoint[Any, Any]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {400: ["INVALID_PARAMETER_VALUE"]}
    for code in endpoint.errors:
        by_status.setdefault(HTTP_STATUS[code], []).append(code)
    error = {JSON: {"schema": {"$ref": _REF.format(name="Error")}}}
    return {str(status): {"description": ", ".join(codes), "content": error} for status, codes in by_status.items()}
