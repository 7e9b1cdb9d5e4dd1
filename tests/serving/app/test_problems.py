from __future__ import annotations

import json
import logging

import pytest

from headrace.errors import (
    HeadraceError,
    InvalidValue,
    NotFound,
    StoreUnavailable,
    TimedOut,
    TooBusy,
    TooLarge,
    Unauthenticated,
    UserCodeError,
)
from headrace.serving.call import Kind
from headrace.serving.problems import problem, told


def test_invocations_get_mlflows_shape() -> None:
    reply = problem("invocations", InvalidValue("age", "x", "a number is needed."))
    assert reply.status == 400
    assert (reply.error, reply.field) == ("INVALID_PARAMETER_VALUE", "age")
    shape = json.loads(reply.body)
    assert shape.keys() == {"error_code", "message"}
    assert shape["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "'age'" in shape["message"]


def test_inference_protocol_gets_its_shape() -> None:
    assert json.loads(problem("infer", TooBusy("Full.")).body) == {"error": "Full."}


@pytest.mark.parametrize(
    ("error", "status", "type_", "code"),
    [
        (InvalidValue("temperature", -1, "0 to 2."), 400, "invalid_request_error", "invalid_parameter_value"),
        (NotFound("model", "x", by="name"), 404, "invalid_request_error", "model_not_found"),
        (Unauthenticated("Who?"), 401, "authentication_error", "invalid_api_key"),
        (TooBusy("Full."), 429, "rate_limit_error", "rate_limit_exceeded"),
        (StoreUnavailable("Gone."), 503, "server_error", "temporarily_unavailable"),
        (TimedOut("Late."), 504, "timeout_error", "deadline_exceeded"),
    ],
)
def test_openai_gets_its_shape(error: HeadraceError, status: int, type_: str, code: str) -> None:
    reply = problem("chat", error)
    assert reply.status == status
    assert json.loads(reply.body)["error"] == {
        "message": error.message,
        "type": type_,
        "param": getattr(error, "field", None),
        "code": code,
    }


@pytest.mark.parametrize("kind", ["invocations", "infer", "chat"])
def test_halves_of_surrogate_pairs_are_told_escaped(kind: Kind) -> None:
    reply = problem(kind, InvalidValue("\ud800", message="there is no town \ud83d here"))
    assert reply.field == "\\ud800"
    assert "no town \\ud83d here" in json.dumps(json.loads(reply.body), ensure_ascii=False).replace("\\\\", "\\")


def test_a_body_over_its_limit_is_413() -> None:
    assert problem("invocations", TooLarge("The request body", 2, 1)).status == 413


def test_status_may_be_another() -> None:
    assert problem("invocations", InvalidValue(message="No."), status=415).status == 415


def test_foreign_errors_keep_their_text_to_themselves(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        error = told(RuntimeError("secret"), "/invocations")
    assert "secret" not in error.message
    (record,) = caplog.records
    assert record.getMessage().split()[1] in error.message
    assert record.exc_info is not None
    assert "secret" in str(record.exc_info[1])


def test_own_errors_travel() -> None:
    for error in (InvalidValue(message="a"), TooBusy("b"), UserCodeError("c")):
        assert told(error, "/") is error
