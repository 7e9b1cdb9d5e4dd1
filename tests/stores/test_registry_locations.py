from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.entities import RegisteredModelTag
from headrace.stores.memory import MemoryStore
from headrace.stores.sql import open_sql_store


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "memory":
        opened: Any = MemoryStore(f"{tmp_path}/artifacts")
    elif request.param == "sqlite":
        opened = open_sql_store(f"sqlite:///{tmp_path}/models.db", f"{tmp_path}/artifacts")
    else:
        opened = open_sql_store(request.getfixturevalue("postgres_url"), f"{tmp_path}/artifacts")
    yield opened
    opened.close()


def test_versions_are_found_by_where_they_lie(store: Any) -> None:
    for name in ("b", "a"):
        store.create_registered_model(name)
        store.create_model_version(name, "s3://bucket/x")
        store.create_model_version(name, "models:/other/1", storage_location="s3://bucket/y")
    store.create_model_version("a", "s3://bucket/x")
    store.create_model_version("a", "s3://bucket/x")
    store.delete_model_version("a", "4")
    store.set_registered_model_alias("a", "best", "1")
    found = store.versions_at(["s3://bucket/x", "s3://bucket/y", "s3://bucket"])
    assert {place: [(each.name, each.version) for each in versions] for place, versions in found.items()} == {
        "s3://bucket/x": [("a", "1"), ("a", "3"), ("b", "1")],
        "s3://bucket/y": [("a", "2"), ("b", "2")],
    }
    assert not any(each.aliases for versions in found.values() for each in versions)
    assert store.versions_at(["models:/other/1"]) == {}
    assert store.versions_at([]) == {}
    store.rename_registered_model("b", "c")
    assert [each.name for each in store.versions_at(["s3://bucket/y"])["s3://bucket/y"]] == ["a", "c"]
    store.delete_registered_model("a")
    assert [each.name for each in store.versions_at(["s3://bucket/x"])["s3://bucket/x"]] == ["c"]


def test_prompts_lie_nowhere(store: Any) -> None:
    prompt = RegisteredModelTag("mlflow.prompt.is_prompt", "true")
    store.create_registered_model("p", [prompt])
    store.create_model_version("p", "dummy-source", tags=[prompt])
    assert store.versions_at(["dummy-source"]) == {}
