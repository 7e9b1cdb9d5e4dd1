"""Raw requests: what a client in another language puts on the wire, without the Python client's polish."""

import json
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_S = 60.0
Json = Any


@dataclass(frozen=True, kw_only=True)
class Api:
    root: str
    prefix: str = "/api/2.0/mlflow"
    session: requests.Session = field(default_factory=requests.Session)

    def at(self, prefix: str) -> "Api":
        return Api(root=self.root, prefix=prefix, session=self.session)

    def url(self, path: str) -> str:
        return f"{self.root}{path}" if path.startswith("/") else f"{self.root}{self.prefix}/{path}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url(path), timeout=TIMEOUT_S, **options)

    def raw(self, path: str, body: bytes | str, content_type: str = "application/json") -> requests.Response:
        data = body.encode() if isinstance(body, str) else body
        return self.send("POST", path, data=data, headers={"Content-Type": content_type})

    def post(self, path: str, body: Json) -> Json:
        return ok(self.send("POST", path, json=body))

    def patch(self, path: str, body: Json) -> Json:
        return ok(self.send("PATCH", path, json=body))

    def delete(self, path: str, body: Json = None) -> Json:
        return ok(self.send("DELETE", path, json=body))

    def get(self, path: str, /, **query: Json) -> Json:
        return ok(self.send("GET", path, params=query))


def ok(answer: requests.Response) -> Json:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:2000]}"
    return json.loads(answer.text)


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and error code; fails if the body isn't an error in MLflow's form."""
    body = answer.json()
    assert isinstance(body["message"], str), body
    return answer.status_code, body["error_code"]


def answered(answer: requests.Response) -> tuple[int, str]:
    """Status and error code, the code empty where the body has none."""
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        return answer.status_code, ""
    return answer.status_code, body.get("error_code", "") if isinstance(body, dict) else ""


INVALID = (400, "INVALID_PARAMETER_VALUE")
EXISTS = (400, "RESOURCE_ALREADY_EXISTS")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")
BAD = (400, "BAD_REQUEST")
