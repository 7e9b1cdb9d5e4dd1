from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest

from headrace.errors import HTTP_STATUS
from headrace.wire.codec import outgoing
from headrace.wire.endpoint import Endpoint, Permission
from headrace.wire.endpoints import BY_NAME, ENDPOINTS
from headrace.wire.messages.artifacts import ProxyFile, UploadArtifact
from headrace.wire.messages.logged_models import DeleteLoggedModelTag, FinalizeLoggedModel, GetLoggedModel
from headrace.wire.messages.metrics import MetricHistoryBulk
from headrace.wire.table import artifacts, logged_models, metrics


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(ENDPOINTS)


def test_no_two_endpoints_answer_the_same_address() -> None:
    addresses = [
        (method, re.sub(r"\{[^}]+\}", "{}", mount))
        for endpoint in ENDPOINTS
        for mount in endpoint.mounts
        for method in endpoint.methods
    ]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_each_row_is_whole(endpoint: Endpoint[Any, Any]) -> None:
    fields = set(endpoint.request.__struct_fields__)
    assert endpoint.permission in get_args(Permission)
    assert set(endpoint.placeholders) <= fields
    assert set(endpoint.errors) <= HTTP_STATUS.keys()
    assert endpoint.methods
    assert endpoint.doc.endswith(".")
    msgspec.json.schema(endpoint.request)
    msgspec.json.schema(endpoint.answer)


def test_writes_need_more_than_reading() -> None:
    wrong = [
        endpoint.name
        for endpoint in ENDPOINTS
        if endpoint.permission in ("public", "read") and set(endpoint.methods) & {"PUT", "PATCH", "DELETE"}
    ]
    assert not wrong


def test_only_these_are_public() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS if endpoint.permission == "public"} == {
        "service.health",
        "service.version",
        "service.info",
        "service.landing",
        "session.close",
        "pages.experiment",
        "pages.models",
        "pages.model",
        "pages.file",
        "pages.icon",
    }


def test_mlflow_paths_have_their_ajax_twin_and_ajax_only_ones_no_other() -> None:
    assert BY_NAME["runs.get"].mounts == ("/api/2.0/mlflow/runs/get", "/ajax-api/2.0/mlflow/runs/get")
    assert BY_NAME["metrics.history-bulk"].mounts == ("/ajax-api/2.0/mlflow/metrics/get-history-bulk",)
    assert BY_NAME["artifacts.get"].mounts == ("/get-artifact",)


def test_fields_of_the_address_are_quoted() -> None:
    sent = outgoing(logged_models.DELETE_LOGGED_MODEL_TAG, DeleteLoggedModelTag(model_id="m-1", tag_key="a/b c?#ü"))
    assert sent.target == "/api/2.0/mlflow/logged-models/m-1/tags/a%2Fb%20c%3F%23%C3%BC"
    assert sent.body == b'{"model_id":"m-1","tag_key":"a/b c?#\xc3\xbc"}'


def test_paths_of_files_keep_their_slashes() -> None:
    sent = outgoing(artifacts.PROXY_DOWNLOAD, ProxyFile(path="a b/c#d"))
    assert (sent.method, sent.target, sent.body) == ("GET", "/api/2.0/mlflow-artifacts/artifacts/a%20b/c%23d", None)


def test_get_has_its_fields_in_the_query() -> None:
    bulk = outgoing(metrics.METRIC_HISTORY_BULK, MetricHistoryBulk(run_id=["a", "b"], metric_key="k k", max_results=5))
    assert bulk.target.endswith("get-history-bulk?run_id=a&run_id=b&metric_key=k+k&max_results=5")
    model = outgoing(logged_models.GET_LOGGED_MODEL, GetLoggedModel(model_id="m-1", allow_deleted=True))
    assert model.target == "/api/2.0/mlflow/logged-models/m-1?allow_deleted=true"


def test_uploads_have_their_fields_in_the_query() -> None:
    sent = outgoing(artifacts.UPLOAD_ARTIFACT, UploadArtifact(run_uuid="r", path="a/b"))
    assert (sent.method, sent.body) == ("POST", None)
    assert sent.target == "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r&path=a%2Fb"


def test_other_methods_carry_json() -> None:
    sent = outgoing(
        logged_models.FINALIZE_LOGGED_MODEL, FinalizeLoggedModel(model_id="m-1", status="LOGGED_MODEL_READY")
    )
    assert (sent.method, sent.body) == ("PATCH", b'{"model_id":"m-1","status":"LOGGED_MODEL_READY"}')
