import re
from urllib.parse import urlsplit

import mlflow
import pytest
import requests
from rest import Api
from servers import TARGET, Server

TIMEOUT_S = 30


def test_health_is_ok(api: Api) -> None:
    answer = api.send("GET", "/health")
    assert (answer.status_code, answer.text) == (200, "OK")


def test_version_is_one_that_the_client_understands(api: Api) -> None:
    answer = api.send("GET", "/version")
    assert re.fullmatch(r"\d+\.\d+\.\d+", answer.text)
    assert tuple(map(int, answer.text.split("."))) >= (3, 6)
    assert next(map(int, answer.text.split("."))) == int(mlflow.__version__.split(".")[0])


@pytest.mark.skipif(TARGET == "mlflow", reason="a header of ours")
def test_own_version_is_in_a_header(api: Api) -> None:
    assert re.match(r"\d+\.\d+", api.send("GET", "/version").headers["X-Headrace-Version"])


@pytest.mark.parametrize("path", ["/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"])
def test_server_info_tells_what_there_is(api: Api, path: str) -> None:
    info = api.get(path)
    assert info["store_type"] == "SqlStore"
    assert info["workspaces_enabled"] is False


def test_answers_forbid_sniffing_and_framing(api: Api) -> None:
    headers = api.send("GET", "experiments/get", params={"experiment_id": "0"}).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example"])
def test_foreign_host_is_forbidden(api: Api, host: str) -> None:
    answer = api.send("GET", "experiments/get", params={"experiment_id": "0"}, headers={"Host": host})
    assert answer.status_code == 403
    assert api.send("GET", "/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "192.168.1.20", "10.0.0.1", "[::1]"])
def test_local_and_private_hosts_are_welcome(api: Api, server: Server, host: str) -> None:
    port = urlsplit(server.url).port
    for name in (host, f"{host}:{port}"):
        answer = api.send("GET", "experiments/get", params={"experiment_id": "0"}, headers={"Host": name})
        assert answer.status_code == 200, name


def test_change_from_another_origin_is_forbidden(api: Api, run_id: str) -> None:
    body = {"run_id": run_id, "key": "a", "value": "b"}
    foreign = {"Origin": "https://evil.example"}
    assert api.send("POST", "runs/set-tag", json=body, headers=foreign).status_code == 403
    assert "a" not in {t["key"] for t in api.get("runs/get", run_id=run_id)["run"]["data"]["tags"]}
    assert api.send("POST", "runs/set-tag", json=body, headers={"Origin": api.root}).status_code == 200


def test_requests_share_a_connection(server: Server) -> None:
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{server.url}/version", timeout=TIMEOUT_S).status_code == 200
        pools = session.get_adapter(server.url).poolmanager.pools
        assert [pools.get(key).num_connections for key in pools.keys()] == [1]  # noqa: SIM118  not a dict
