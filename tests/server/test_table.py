from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import validate

from headrace.server.app import App, check_table
from headrace.server.handlers import all_handlers
from headrace.wire.endpoints import BY_NAME, ENDPOINTS
from tests.server.calls import request


def test_every_row_has_a_route_and_every_route_a_row() -> None:
    check_table(all_handlers(), ENDPOINTS)


@pytest.mark.parametrize("permission", ["", None, "everybody"])
def test_an_endpoint_without_permission_does_not_start(permission: Any) -> None:
    broken = (*ENDPOINTS[1:], replace(ENDPOINTS[0], permission=permission))
    with pytest.raises(AssertionError, match=ENDPOINTS[0].name):
        check_table(all_handlers(), broken)


def test_an_endpoint_without_route_does_not_start() -> None:
    handlers = all_handlers()
    del handlers["runs.get"]
    with pytest.raises(AssertionError, match=r"runs\.get"):
        check_table(handlers, ENDPOINTS)


def test_a_route_without_endpoint_does_not_start() -> None:
    with pytest.raises(AssertionError, match="surprise"):
        check_table({**all_handlers(), "surprise": all_handlers()["runs.get"]}, ENDPOINTS)


@pytest.fixture
def document(app: App) -> Any:
    return json.loads(request(app, "GET", "/openapi.json").body)


def test_the_openapi_document_is_valid(document: Any) -> None:
    validate(document)


def test_the_openapi_document_shows_every_endpoint(document: Any) -> None:
    shown = {operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()}
    assert shown.keys() >= BY_NAME.keys()
    assert all(shown[name]["x-permission"] == endpoint.permission for name, endpoint in BY_NAME.items())
    create = shown["runs.create"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert document["components"]["schemas"][create.rpartition("/")[2]]["properties"].keys() >= {
        "experiment_id",
        "tags",
    }
    assert {parameter["name"]: parameter["in"] for parameter in shown["logged-models.delete-tag"]["parameters"]} == {
        "model_id": "path",
        "tag_key": "path",
    }
    assert {parameter["name"]: parameter["in"] for parameter in shown["runs.get"]["parameters"]} == {
        "run_id": "query",
        "run_uuid": "query",
    }
