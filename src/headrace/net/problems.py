"""What goes wrong between here and a server, as errors of the tree: the only place that makes their sentences."""

from __future__ import annotations

import json
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

from headrace.errors import (
    CallerError,
    Forbidden,
    HeadraceError,
    RouteNotFound,
    ServiceError,
    StoreUnavailable,
    TimedOut,
    TooBusy,
    Unauthenticated,
)
from headrace.net.message import Response
from headrace.wire.convert.errors import ERROR_HEADER, error_from_answer

_EXCERPT_CHARS = 300  # of a body that isn't JSON: enough to recognise a proxy's page

_WHO = "set HEADRACE_TRACKING_TOKEN, or HEADRACE_TRACKING_USERNAME and HEADRACE_TRACKING_PASSWORD (MLFLOW_… works too)"


def redacted(url: str) -> str:
    """The address without user, password, query and fragment: fit for a message or a log."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def server_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def unreachable(url: str, reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"The server at {server_of(url)} does not answer: {reason}; is it running?")


def silent(url: str, timeout_s: float) -> TimedOut:
    return TimedOut(
        f"The server at {server_of(url)} gave no answer to {urlsplit(url).path} within {timeout_s:g} s; "
        "HEADRACE_HTTP_REQUEST_TIMEOUT sets another limit."
    )


def distrusted(url: str, reason: str, trust: str = "HEADRACE_TRACKING_SERVER_CERT_PATH") -> ServiceError:
    """Not StoreUnavailable: asking again changes nothing. trust: the variable that names certificates to trust."""
    return ServiceError(
        f"The certificate of {server_of(url)} isn't trusted: {reason}; {trust} names certificates to trust."
    )


def cut_off(url: str, reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"The connection to {server_of(url)} broke before the answer was whole: {reason}.")


def refused(url: str, response: Response) -> HeadraceError:
    """The error that an answer other than 2xx stands for."""
    if _speaks_of_errors(response.body):
        return error_from_answer(response.status, response.body, response.headers.get(ERROR_HEADER.lower()))
    return _by_status(url, response)


def raise_for_status(url: str, response: Response) -> None:
    if not 200 <= response.status < 300:
        raise refused(url, response)


def not_an_answer(url: str, response: Response) -> NoReturn:
    """200, but not in the language that was spoken: most often the address of something else."""
    raise ServiceError(
        f"{redacted(url)} answered {response.status} with what isn't JSON ({_excerpt(response.body)}); "
        "is this the address of a Headrace or MLflow server?"
    )


def _speaks_of_errors(body: bytes) -> bool:
    try:
        fields = json.loads(body)
    except ValueError:
        return False
    return isinstance(fields, dict) and isinstance(fields.get("error_code"), str)


def _by_status(url: str, response: Response) -> HeadraceError:
    where, status, said = redacted(url), response.status, _excerpt(response.body)
    match status:
        case 401:
            return Unauthenticated(f"The server at {server_of(url)} asks who is calling: {_WHO}. It said: {said}")
        case 403:
            return Forbidden(f"The server at {server_of(url)} refuses {urlsplit(url).path}: {said}")
        case 404 | 405:
            return RouteNotFound(
                f"{where} answered {status}: no such route; is this the address of a Headrace or MLflow server?"
            )
        case 408 | 504:
            return TimedOut(f"{where} answered {status}: {said}")
        case 429:
            return TooBusy(f"{where} answered 429, too many requests: {said}")
        case 502 | 503:
            return StoreUnavailable(f"{where} answered {status}: {said}")
    if 400 <= status < 500:
        return CallerError(f"{where} answered {status}: {said}")
    return ServiceError(f"{where} answered {status}: {said}")


def _excerpt(body: bytes) -> str:
    text = " ".join(body[: 4 * _EXCERPT_CHARS].decode("utf-8", "replace").split())
    if not text:
        return "(empty body)"
    return text if len(text) <= _EXCERPT_CHARS else f"{text[:_EXCERPT_CHARS]}…"
