import base64
import json
from collections.abc import Iterator

import pytest
from deviations import (
    NAME_IS_NULL,
    NO_RESULTS_ASKED_FOR,
    SAME_ORDER_KEY_TWICE,
    TAG_IS_NULL,
    TOKEN_NO_OBJECT,
    Deviation,
)
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rest import INVALID, Api, answered
from servers import Server

PREFIX = "zoo"


@pytest.fixture(scope="module")
def zoo(server: Server) -> Iterator[str]:
    """Models zoo-…-a, -B, -c, made in this order; found by the letters that end their names."""
    client = MlflowClient(tracking_uri=server.url)
    stem = f"{PREFIX}-{server.database}-{id(server)}-"
    plan = {
        "c": {"t": "x", "t.u": "v"},
        "a": {"t": "X", "rate": "50%"},
        "B": {"t": "it's", "rate": "a_b"},
    }
    for letter, tags in plan.items():
        client.create_registered_model(stem + letter, tags=tags)
    runs = [client.create_run("0").info.run_id for _ in range(2)]
    client.create_model_version(stem + "a", "s3://bucket/one", runs[0], tags={"v": "x", "w": "1"})
    client.create_model_version(stem + "a", "s3://bucket/two", runs[1], tags={"v": "X"})
    client.create_model_version(stem + "a", "s3://Bucket/three%", tags={"v": "it's"})
    client.create_model_version(stem + "B", "s3://bucket/one")
    client.create_model_version(stem + "B", "s3://bucket/deleted")
    client.delete_model_version(stem + "B", "2")
    client.update_model_version(stem + "a", "1", description="touched last")
    client.update_registered_model(stem + "a", description="touched last")
    yield stem
    for letter in plan:
        client.delete_registered_model(stem + letter)


def models(client: MlflowClient, stem: str, rule: str, **more: object) -> str:
    return "".join(found.name[-1] for found in client.search_registered_models(rule, **more) if stem in found.name)


def versions(client: MlflowClient, stem: str, rule: str, **more: object) -> str:
    found = client.search_model_versions(rule, **more)
    return " ".join(f"{each.name[-1]}{each.version}" for each in found if stem in each.name)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", "Bac"),
        ("name LIKE '{stem}%'", "Bac"),
        ("name LIKE '{stem}_'", "Bac"),
        ("name = '{stem}a'", "a"),
        ('name = "{stem}a"', "a"),
        ("name = '{stem}A'", ""),
        ("name != '{stem}a'", "Bc"),
        ("name ILIKE '{stem}b'", "B"),
        ("name LIKE '{stem}b'", ""),
        ("name IN ('{stem}a', '{stem}c', 'other')", "ac"),
        ("name NOT IN ('{stem}a', 'other')", "Bc"),
        ("attribute.name = '{stem}a'", "a"),
        ("tags.t = 'x'", "c"),
        ("tag.t = 'x'", "c"),
        ("tags.t != 'x'", "Ba"),
        ("tags.t ILIKE 'x'", "ac"),
        ("tags.t LIKE 'X'", "a"),
        ('tags.t = "it\'s"', "B"),
        ("tags.t.u = 'v'", "c"),
        ("tags.`t.u` = 'v'", "c"),
        ("tags.rate LIKE '50%'", "a"),
        ("tags.rate LIKE 'a_b'", "B"),
        ("tags.none = 'x'", ""),
        ("tags.none != 'x'", ""),
        ("tags.t = 'x' AND tags.t.u = 'v'", "c"),
        ("tags.t != 'x' and tags.t != 'X'", "B"),
        ("name LIKE '{stem}%' AND tags.rate LIKE '%'", "Ba"),
    ],
)
def test_models_are_found_by_filter(client: MlflowClient, zoo: str, rule: str, expected: str) -> None:
    assert models(client, zoo, rule.format(stem=zoo)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "Bac"),
        (["name"], "Bac"),
        (["name DESC"], "caB"),
        (["name asc"], "Bac"),
        (["timestamp DESC", "name"], "aBc"),
        (["last_updated_timestamp ASC"], "cBa"),
    ],
)
def test_models_come_in_order(client: MlflowClient, zoo: str, order: list[str], expected: str) -> None:
    assert models(client, zoo, f"name LIKE '{zoo}%'", order_by=order) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "nothing = 'x'",
        "description = 'x'",
        "version = '1'",
        "aliases = 'x'",
        "creation_timestamp > 5",
        "last_updated_timestamp > 5",
        "name",
        "name > 'a'",
        "name = a",
        "name = 5",
        "name == 'a'",
        "name = 'a' OR name = 'b'",
        "(name = 'a')",
        "name IN ()",
        "name IN ('a', 5)",
        "tags.t IN ('x')",
        "tags.t > 'x'",
        "tags.t = x",
        "run_id = 'x'",
        "params.t = 'x'",
        "name = 'a",
    ],
)
def test_bad_filters_of_models_are_invalid(client: MlflowClient, rule: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_registered_models(rule)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(("rule", "deviation"), [("tags.t IS NULL", TAG_IS_NULL), ("name IS NULL", NAME_IS_NULL)])
def test_what_is_absent_can_not_be_asked_for(api: Api, rule: str, deviation: Deviation) -> None:
    answer = api.send("GET", "registered-models/search", params={"filter": rule})
    assert answered(answer) == deviation.expected


@pytest.mark.parametrize(
    "order",
    ["nothing", "description", "creation_timestamp", "name UP", "tags.t", "version_number", "name, timestamp", ""],
)
def test_bad_orders_of_models_are_invalid(client: MlflowClient, order: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_registered_models(order_by=[order])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("order", [["name", "name DESC"], ["timestamp", "last_updated_timestamp"]])
def test_a_key_is_ordered_by_once(api: Api, order: list[str]) -> None:
    answer = api.send("GET", "registered-models/search", params={"order_by": order})
    assert answered(answer) == SAME_ORDER_KEY_TWICE.expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("name LIKE '{stem}%'", "a1 B1 a3 a2"),
        ("name = '{stem}a'", "a1 a3 a2"),
        ("name IN ('{stem}B', 'x')", "B1"),
        ("name NOT IN ('{stem}a')", "B1"),
        ("name LIKE '{stem}%' AND version_number > 1", "a3 a2"),
        ("name LIKE '{stem}%' AND version_number = '2'", "a2"),
        ("name LIKE '{stem}%' AND version_number != 1", "a3 a2"),
        ("name LIKE '{stem}%' AND version_number <= 2 and version_number >= 2", "a2"),
        ("name LIKE '{stem}%' AND source_path = 's3://bucket/one'", "a1 B1"),
        ("name LIKE '{stem}%' AND source_path LIKE 's3://b%'", "a1 B1 a2"),
        ("name LIKE '{stem}%' AND source_path ILIKE 's3://B%'", "a1 B1 a3 a2"),
        ("name LIKE '{stem}%' AND source_path != 's3://bucket/one'", "a3 a2"),
        ("name LIKE '{stem}%' AND tags.v = 'x'", "a1"),
        ("name LIKE '{stem}%' AND tag.v ILIKE 'X'", "a1 a2"),
        ("name LIKE '{stem}%' AND tags.v != 'x'", "a3 a2"),
        ("name LIKE '{stem}%' AND tags.v = 'x' AND tags.w = '1'", "a1"),
        ("name LIKE '{stem}%' AND run_id = ''", "B1 a3"),
        ("name LIKE '{stem}%' AND run_id != ''", "a1 a2"),
        ("name LIKE '{stem}%' AND run_id LIKE '%'", "a1 B1 a3 a2"),
    ],
)
def test_versions_are_found_by_filter(client: MlflowClient, zoo: str, rule: str, expected: str) -> None:
    found = versions(client, zoo, rule.format(stem=zoo), order_by=["version_number DESC", "name"])
    assert sorted(found.split()) == sorted(expected.split())


def test_versions_are_found_by_run(client: MlflowClient, zoo: str) -> None:
    first, second = (client.get_model_version(f"{zoo}a", version).run_id for version in ("1", "2"))
    assert versions(client, zoo, f"run_id = '{first}'") == "a1"
    assert sorted(versions(client, zoo, f"run_id IN ('{first}', '{second}')").split()) == ["a1", "a2"]
    assert versions(client, zoo, f"run_id = '{first}' AND version_number > 1") == ""
    assert versions(client, zoo, f"run_id IN ('{first}', '{second}') AND run_id NOT IN ('{second}')") == "a1"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "a1 B1 a3 a2"),
        (["name"], "B1 a3 a2 a1"),
        (["name DESC"], "a3 a2 a1 B1"),
        (["version_number"], "B1 a1 a2 a3"),
        (["version_number DESC", "name DESC"], "a3 a2 a1 B1"),
        (["creation_timestamp DESC"], "B1 a3 a2 a1"),
        (["last_updated_timestamp ASC", "version_number"], "a2 a3 B1 a1"),
    ],
)
def test_versions_come_in_order(client: MlflowClient, zoo: str, order: list[str], expected: str) -> None:
    assert versions(client, zoo, f"name LIKE '{zoo}%'", order_by=order) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "version = '1'",
        "version_number > 1.5",
        "version_number = 'one'",
        "version_number LIKE '1'",
        "version_number IN (1)",
        "current_stage = 'Production'",
        "creation_timestamp > 5",
        "last_updated_timestamp > 5",
        "status = 'READY'",
        "aliases = 'x'",
        "source_path IN ('s3://bucket/one')",
        "source_path > 'a'",
        "name = 5",
        "run_id > 'a'",
        "tags.v IN ('x')",
        "tags.v > 'x'",
        "metrics.v > 1",
        "name = 'a' OR name = 'b'",
    ],
)
def test_bad_filters_of_versions_are_invalid(client: MlflowClient, rule: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_model_versions(rule)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("order", ["version", "run_id", "timestamp", "tags.v", "source_path", "name sideways"])
def test_bad_orders_of_versions_are_invalid(client: MlflowClient, order: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_model_versions(order_by=[order])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_pages_of_models_follow_on(client: MlflowClient, zoo: str) -> None:
    rule, seen, token = f"name LIKE '{zoo}%'", "", None
    for expected in ("B", "a", "c"):
        page = client.search_registered_models(rule, max_results=1, page_token=token)
        assert len(page) == 1
        seen, token = seen + page[0].name[-1], page.token
        assert bool(token) == (expected != "c")
    assert seen == "Bac"
    assert not client.search_registered_models(rule, max_results=3).token


def test_pages_of_versions_follow_on(client: MlflowClient, zoo: str) -> None:
    rule, seen, token = f"name LIKE '{zoo}%'", [], None
    while True:
        page = client.search_model_versions(rule, max_results=3, order_by=["name", "version_number"], page_token=token)
        seen += [f"{each.name[-1]}{each.version}" for each in page]
        token = page.token
        if not token:
            break
    assert seen == ["B1", "a1", "a2", "a3"]


@pytest.mark.parametrize("path", ["registered-models/search", "model-versions/search"])
@pytest.mark.parametrize("token", ["garbage", "****", base64.b64encode(b"{}").decode()])
def test_a_bad_page_token_is_invalid(api: Api, path: str, token: str) -> None:
    assert answered(api.send("GET", path, params={"page_token": token}))[0] in (400, 500)


@pytest.mark.parametrize("path", ["registered-models/search", "model-versions/search"])
def test_a_token_that_is_no_object_is_invalid(api: Api, path: str) -> None:
    token = base64.b64encode(json.dumps([1]).encode()).decode()
    assert answered(api.send("GET", path, params={"page_token": token})) == TOKEN_NO_OBJECT.expected


@pytest.mark.parametrize(("path", "most"), [("registered-models/search", 1000), ("model-versions/search", 200_000)])
def test_results_are_limited(api: Api, path: str, most: int) -> None:
    assert api.send("GET", path, params={"max_results": most}).status_code == 200
    assert answered(api.send("GET", path, params={"max_results": most + 1})) == INVALID


@pytest.mark.parametrize("most", [0, -1])
def test_no_results_can_not_be_asked_for(api: Api, most: int) -> None:
    assert answered(api.send("GET", "model-versions/search", params={"max_results": most})) == INVALID
    answer = api.send("GET", "registered-models/search", params={"max_results": most})
    assert answered(answer) == NO_RESULTS_ASKED_FOR.expected


def test_searches_are_get_only(api: Api) -> None:
    assert api.send("POST", "model-versions/search", json={}).status_code == 405
    assert api.send("POST", "registered-models/search", json={}).status_code == 405
