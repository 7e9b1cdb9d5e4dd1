from __future__ import annotations

import json

import pytest

from headrace.errors import (
    CallerError,
    Forbidden,
    HeadraceError,
    InvalidState,
    InvalidValue,
    NotFound,
    RouteNotFound,
    ServiceError,
    StoreUnavailable,
    TimedOut,
    TooBusy,
    Unauthenticated,
)
from headrace.net.message import Response
from headrace.net.problems import raise_for_status, redacted, refused

URL = "http://tracking.example:5000/api/2.0/mlflow/runs/get"


def said(status: int, body: object, **headers: str) -> HeadraceError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refused(URL, Response(status, headers, data))


def test_error_of_the_server_keeps_its_class_code_and_sentence() -> None:
    error = said(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No run 'x'."})
    assert isinstance(error, NotFound)
    assert (error.error_code, error.message, error.http) == ("RESOURCE_DOES_NOT_EXIST", "No run 'x'.", 404)


def test_class_that_headrace_names_beside_the_body_is_the_one_raised() -> None:
    body = {"error_code": "INVALID_PARAMETER_VALUE", "message": "deleted"}
    assert type(said(400, body)) is InvalidValue
    assert type(said(400, body, **{"x-headrace-error": "InvalidState"})) is InvalidState


def test_unknown_code_is_kept() -> None:
    assert said(418, {"error_code": "TEAPOT", "message": "short and stout"}).error_code == "TEAPOT"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, CallerError),
        (401, Unauthenticated),
        (403, Forbidden),
        (404, RouteNotFound),
        (405, RouteNotFound),
        (408, TimedOut),
        (429, TooBusy),
        (500, ServiceError),
        (502, StoreUnavailable),
        (503, StoreUnavailable),
        (504, TimedOut),
    ],
)
@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"", b"[1]", b'{"detail": "no"}', b"\xff\xfe"])
def test_answer_that_is_no_error_object_is_told_by_its_status(
    status: int, kind: type[HeadraceError], body: bytes
) -> None:
    error = said(status, body)
    assert isinstance(error, kind)
    assert "tracking.example:5000" in error.message


def test_who_are_you_says_how_to_answer() -> None:
    assert "HEADRACE_TRACKING_TOKEN" in said(401, b"You are not authenticated.").message


def test_long_pages_of_proxies_are_cut() -> None:
    assert len(said(502, b"<p>" * 10_000).message) < 600


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_raises_nothing(status: int) -> None:
    raise_for_status(URL, Response(status, {}))


def test_redacted_address_has_no_user_query_or_fragment() -> None:
    assert redacted("https://u:p@host:1/a/b?token=1#x") == "https://host:1/a/b"
