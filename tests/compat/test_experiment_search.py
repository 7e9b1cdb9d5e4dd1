import time
from collections.abc import Callable

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rest import INVALID, Api, error


@pytest.fixture
def family(client: MlflowClient, unique: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    stem = unique("fam")
    made = {}
    for index, letter in enumerate("Abc"):
        tags = {"stage": letter} if index else {}
        made[letter] = client.create_experiment(f"{stem}-{letter}", tags=tags)
        time.sleep(0.003)  # creation times are in ms and order the default page
    return stem, made


def names(found: list) -> list[str]:
    return [e.name.rsplit("-", 1)[-1] for e in found]


def test_default_order_is_newest_first(client: MlflowClient, family: tuple[str, dict[str, str]]) -> None:
    stem, _ = family
    assert names(client.search_experiments(filter_string=f"name LIKE '{stem}%'")) == ["c", "b", "A"]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("name = '{stem}-b'", "b"),
        ("name != '{stem}-b'", "Ac"),
        ("name LIKE '%-a'", ""),
        ("name ILIKE '%-a'", "A"),
        ("attribute.name LIKE '{stem}-_'", "Abc"),
        ("tags.stage = 'b'", "b"),
        ("tag.stage != 'b'", "c"),
        ("tags.`stage` LIKE '%'", "bc"),
        ("tags.stage IS NULL", "A"),
        ("tags.stage IS NOT NULL", "bc"),
        ("creation_time > 0", "Abc"),
        ("last_update_time < 1000", ""),
        ("creation_time >= {time_b} AND creation_time <= {time_b}", "b"),
        ("experiment_id = '{id_c}'", "c"),
        ("experiment_id IN ('{id_A}', '{id_c}')", "Ac"),
        ("experiment_id NOT IN ('{id_A}')", "bc"),
    ],
)
def test_filter(client: MlflowClient, family: tuple[str, dict[str, str]], clause: str, expected: str) -> None:
    stem, made = family
    values = {f"id_{letter}": made[letter] for letter in made}
    time_b = client.get_experiment(made["b"]).creation_time
    rule = clause.format(stem=stem, time_b=time_b, **values)
    found = client.search_experiments(filter_string=f"name LIKE '{stem}%' AND {rule}", order_by=["name"])
    assert "".join(names(found)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["name"], "Abc"),
        (["name DESC"], "cbA"),
        (["creation_time ASC"], "Abc"),
        (["experiment_id DESC"], "cbA"),
        (["last_update_time desc", "name"], "cbA"),
        (["attribute.name ASC"], "Abc"),
    ],
)
def test_order(client: MlflowClient, family: tuple[str, dict[str, str]], order: list[str], expected: str) -> None:
    found = client.search_experiments(filter_string=f"name LIKE '{family[0]}%'", order_by=order)
    assert "".join(names(found)) == expected


@pytest.mark.parametrize(
    "clause",
    [
        "name = unquoted",
        "name = 'hanging",
        "name RLIKE 'a'",
        "name IN ('a')",
        "name == 'a'",
        "attributes.name = 'a'",
        "metrics.a > 1",
        "lifecycle_stage = 'active'",
        "creation_time > 1.5",
        "creation_time > '1'",
        "experiment_id = 1",
        "name = 'a' OR name = 'b'",
        "(name = 'a')",
        "name",
        "   ",
    ],
)
def test_bad_filter_is_invalid(client: MlflowClient, clause: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_experiments(filter_string=clause)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("order", ["tags.stage", "name SIDEWAYS", "nothing", "artifact_location"])
def test_bad_order_is_invalid(client: MlflowClient, order: str) -> None:
    with pytest.raises(MlflowException) as caught:
        client.search_experiments(order_by=[order])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_paging_visits_each_once_and_ends_without_token(client: MlflowClient, unique: Callable[[str], str]) -> None:
    stem = unique("page")
    made = {client.create_experiment(f"{stem}-{i}") for i in range(6)}
    seen, token, sizes = [], None, []
    while True:
        page = client.search_experiments(
            filter_string=f"name LIKE '{stem}%'", max_results=2, order_by=["name"], page_token=token
        )
        seen += [e.experiment_id for e in page]
        sizes.append(len(page))
        token = page.token
        if not token:
            break
    assert sizes == [2, 2, 2]
    assert set(seen) == made
    assert len(seen) == 6


def test_search_needs_a_page_size_within_the_limits(api: Api) -> None:
    for size in (None, 0, -1, 50_001):
        body = {} if size is None else {"max_results": size}
        assert error(api.send("POST", "experiments/search", json=body)) == INVALID, size
    assert api.post("experiments/search", {"max_results": 50_000})["experiments"]


def test_search_by_get_takes_repeated_fields(api: Api, family: tuple[str, dict[str, str]]) -> None:
    query = [("max_results", "10"), ("filter", f"name LIKE '{family[0]}%'"), ("view_type", "ACTIVE_ONLY")]
    query += [("order_by", "last_update_time"), ("order_by", "name DESC")]
    answer = api.send("GET", "experiments/search", params=query)
    assert [e["name"][-1] for e in answer.json()["experiments"]] == ["A", "b", "c"]


@pytest.mark.parametrize(("view", "count"), [("DELETED_ONLY", 0), (2, 0), ("ALL", 3), (3, 3), ("ACTIVE_ONLY", 3)])
def test_view_type_is_a_name_or_a_number(
    api: Api, family: tuple[str, dict[str, str]], view: object, count: int
) -> None:
    body = {"max_results": 10, "filter": f"name LIKE '{family[0]}%'", "view_type": view}
    assert len(api.post("experiments/search", body).get("experiments", [])) == count


def test_wrong_page_token_is_invalid(api: Api) -> None:
    body = {"max_results": 1, "page_token": "not a token"}
    assert error(api.send("POST", "experiments/search", json=body)) == INVALID
