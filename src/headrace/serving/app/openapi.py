"""OpenAPI 3.1 of what this server answers, with the schema of each of its models."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.errors import HTTP_STATUS
from headrace.serving.app import schemas
from headrace.serving.app.dialects import COMPONENTS, operations
from headrace.serving.call import JSON
from headrace.serving.deployment import Deployment, Deployments
from headrace.serving.facts import Facts

Schema = dict[str, Any]

_OTHER_TYPES = {
    "text/csv": {"type": "string", "description": "A header and rows."},
    "application/vnd.apache.arrow.stream": {"description": "An Arrow stream of record batches."},
    "application/vnd.apache.parquet": {"description": "A Parquet file."},
    "application/msgpack": {"description": "The JSON form, as msgpack."},
}
_ERROR: Schema = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string", "enum": sorted(HTTP_STATUS)}, "message": {"type": "string"}},
}
_FAILURES = {
    "400": "The request is wrong, or the model failed on it.",
    "413": "The body is over the limit.",
    "415": "The content type isn't one of those above.",
    "429": "Too many requests wait; Retry-After says when to come back.",
    "503": "No process of the model lives at the moment; Retry-After says when to come back.",
    "504": "No answer within the time limit.",
}


def document(deployments: Deployments, *, protected: bool, release: str) -> dict[str, Any]:
    """protected: requests need an API key."""
    every = deployments.all()
    paths: dict[str, Any] = {"/invocations": {"post": _invocations(deployments.find(), "invocations")}}
    for each in every if len(every) > 1 else []:
        paths[f"/models/{each.name}/invocations"] = {"post": _invocations(each, f"invocations.{each.name}")}
    paths |= operations([(each.name, each.main.served.facts) for each in every])
    paths |= _about()
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": ", ".join(each.name for each in every),
            "version": ", ".join(each.main.served.label for each in every),
            "description": f"Served by Headrace {release}.",
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {**COMPONENTS, "Error": _ERROR}},
    }
    if protected:
        found["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        }
        found["security"] = [{"bearer": []}, {"key": []}]
    return found


def _invocations(deployment: Deployment, name: str) -> dict[str, Any]:
    facts = deployment.main.served.facts
    body: dict[str, Any] = {JSON: {"schema": {"oneOf": _bodies(facts)}}}
    example = _example(facts)
    if example is not None:
        body[JSON]["example"] = example
    body |= {name: {"schema": schema} for name, schema in _OTHER_TYPES.items()}
    signature = facts.signature or {}
    answer = {
        "type": "object",
        "required": ["predictions"],
        "properties": {"predictions": schemas.outputs(signature.get("outputs"))},
    }
    error = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "operationId": name,
        "summary": f"Ask {deployment.name}, in the request forms of MLflow's scoring server.",
        "tags": ["predict"],
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": "What the model answers.", "content": {JSON: {"schema": answer}}},
            **{status: {"description": text, "content": error} for status, text in _FAILURES.items()},
        },
    }


def _bodies(facts: Facts) -> list[Schema]:
    signature = facts.signature or {}
    if facts.task == "llm/v1/chat" or "chat" in facts.kinds:
        return [{"$ref": "#/components/schemas/ChatRequest"}]
    params = schemas.params(signature.get("params"))
    beside = {} if params is None else {"params": params}
    return [
        {"title": key, "type": "object", "properties": {key: schema, **beside}, "required": [key]}
        for key, schema in schemas.forms(signature.get("inputs")).items()
    ]


def _example(facts: Facts) -> Any:
    try:
        return None if facts.example is None else msgspec.json.decode(facts.example)
    except msgspec.DecodeError:
        return None


def _about() -> dict[str, Any]:
    rows = {
        "/ping": "200 while every model can take requests, else 503 with the reason.",
        "/health": "As /ping.",
        "/version": "The version of MLflow whose scoring server this one can stand for.",
        "/metrics": "Metrics of the server and its models, for Prometheus.",
        "/v1/models": "The models, as OpenAI's clients list them.",
        "/v2": "The server, as the Open Inference Protocol describes it.",
        "/v2/health/live": "200 while the server runs.",
        "/v2/health/ready": "200 while every model can take requests, else 503.",
        "/openapi.json": "This document.",
    }
    return {
        path: {
            "get": {
                "operationId": path.strip("/").replace("/", ".") or "root",
                "summary": text,
                "tags": ["server"],
                "responses": {"200": {"description": "OK"}},
            }
        }
        for path, text in rows.items()
    }
