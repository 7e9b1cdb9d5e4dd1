"""What only a database can be asked: its journal is kept, tampering shows, several stores write one database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from headrace.entities import Act, ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from headrace.errors import AlreadyExists, Corrupt, NotFound
from headrace.stores.sql import SqlStore

DONE_S = 30
UNLOCK = {
    "sqlite": ["DROP TRIGGER registry_event_update", "DROP TRIGGER registry_event_delete"],
    "postgresql": ["DROP TRIGGER registry_event_kept ON registry_event"],
}


def told(uri: str, *statements: str) -> None:
    """Behind the store's back."""
    if uri.startswith("sqlite"):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
            for each in statements:
                connection.execute(each)
            connection.commit()
        return
    with psycopg.connect(uri, autocommit=True) as connection:
        for each in statements:
            connection.execute(each)


def unlocked(uri: str, *statements: str) -> None:
    told(uri, *UNLOCK[uri.partition(":")[0]], *statements)


def filled(store: SqlStore, name: str = "m") -> None:
    store.create_registered_model(name)
    for _ in range(3):
        store.create_model_version(name, "s3://a")
    for version in "123":
        store.set_registered_model_alias(name, "prod", version, act=Act("ann"))


def test_database_refuses_changes_of_the_journal(uri: str, store: SqlStore) -> None:
    filled(store)
    before = store.search_history("m")
    for statement in (
        "UPDATE registry_event SET who = 'bob' WHERE kind = 'alias_set'",
        "DELETE FROM registry_event WHERE kind = 'alias_set'",
        "DELETE FROM registry_event",
    ):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="stay as they are"):
            told(uri, statement)
    assert store.search_history("m") == before


@pytest.mark.postgres
def test_postgres_refuses_to_empty_the_journal(fresh_postgres_url: str, postgres_store: SqlStore) -> None:
    filled(postgres_store)
    with pytest.raises(psycopg.errors.RaiseException, match="stay as they are"):
        told(fresh_postgres_url, "TRUNCATE registry_event")


def test_changed_entry_shows(uri: str, store: SqlStore) -> None:
    changes = ["who = 'bob'", "after = '3'", "timestamp = timestamp - 1", "comment = 'x'", "kind = 'alias_removed'"]
    entries = []
    for number in range(len(changes)):
        filled(store, f"m{number}")
        entries.append(store.search_history(f"m{number}")[1].event_id)
        assert store.verify_history(f"m{number}") == []
    pairs = zip(changes, entries, strict=True)
    unlocked(uri, *(f"UPDATE registry_event SET {change} WHERE id = {entry}" for change, entry in pairs))
    for number, entry in enumerate(entries):
        assert [each.event_id for each in store.verify_history(f"m{number}")] == [entry]


def test_changed_entry_with_a_chain_of_its_own_shows_at_the_next_one(uri: str, store: SqlStore) -> None:
    filled(store)
    newer, entry = store.search_history("m")[:2]
    unlocked(uri, f"UPDATE registry_event SET who = 'bob', chain = '{'0' * 64}' WHERE id = {entry.event_id}")
    assert [each.event_id for each in store.verify_history("m")] == [entry.event_id, newer.event_id]


def test_removed_entry_shows_at_the_one_behind_it(uri: str, store: SqlStore) -> None:
    filled(store)
    newer, entry = store.search_history("m")[:2]
    unlocked(uri, f"DELETE FROM registry_event WHERE id = {entry.event_id}")
    assert [each.event_id for each in store.verify_history("m")] == [newer.event_id]


def test_journal_cut_short_shows_at_its_end(uri: str, store: SqlStore) -> None:
    filled(store)
    newest, before = store.search_history("m")[:2]
    unlocked(uri, f"DELETE FROM registry_event WHERE id = {newest.event_id}")
    assert [each.event_id for each in store.verify_history("m")] == [before.event_id]


def test_journal_that_is_gone_shows(uri: str, store: SqlStore) -> None:
    filled(store)
    filled(store, "other")
    unlocked(uri, "DELETE FROM registry_event WHERE name = 'm'")
    with pytest.raises(Corrupt, match=r"'m'.* 7 entries"):
        store.verify_history("m")
    assert store.verify_history("other") == []


def test_two_stores_make_versions_of_one_model_without_gap_or_twin(
    uri: str, store: SqlStore, opened: Callable[[str], SqlStore]
) -> None:
    other = opened(uri)
    store.create_registered_model("m")

    def make(number: int) -> str:
        return (store, other)[number % 2].create_model_version("m", "s3://a").version

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(60)))
    assert sorted(map(int, made)) == list(range(1, 61))
    assert store.verify_history("m") == other.verify_history("m") == []


def test_stores_of_one_database_see_each_others_changes(
    uri: str, store: SqlStore, opened: Callable[[str], SqlStore]
) -> None:
    other = opened(uri)
    filled(store)
    assert other.get_model_version_by_alias("m", "prod").version == "3"
    other.rename_registered_model("m", "n")
    with pytest.raises(NotFound):
        store.get_model_version_by_alias("m", "prod")
    with pytest.raises(AlreadyExists):
        store.create_registered_model("n")
    assert store.get_registered_model("n") == other.get_registered_model("n")


def test_what_was_searched_before_is_told_as_it_is_now(
    uri: str, store: SqlStore, opened: Callable[[str], SqlStore]
) -> None:
    other = opened(uri)
    filled(store)

    def found() -> RegisteredModel:
        (model,) = store.search_registered_models("name = 'm'")
        assert model == other.get_registered_model("m")
        return model

    changes: list[Callable[[], object]] = [
        lambda: other.set_model_version_tag("m", "3", ModelVersionTag("a", "b")),
        lambda: other.delete_model_version_tag("m", "3", "a"),
        lambda: other.transition_model_version_stage("m", "2", "Production"),
        lambda: other.set_registered_model_alias("m", "prod", "1"),
        lambda: other.delete_registered_model_alias("m", "prod"),
        lambda: other.set_registered_model_tag("m", RegisteredModelTag("a", "b")),
        lambda: other.update_registered_model("m", "described"),
        lambda: other.update_model_version("m", "3", "described"),
        lambda: other.create_model_version("m", "s3://b"),
        lambda: other.delete_model_version("m", "4"),
    ]
    for change in changes:
        before = found()
        before.tags["mine"] = "changed by a caller"
        before.latest_versions.clear()
        change()
        assert found().revision > before.revision
    other.rename_registered_model("m", "n")
    assert store.search_registered_models("name = 'm'") == []
    assert store.search_registered_models("name = 'n'") == [other.get_registered_model("n")]


def test_submitted_writes_of_one_model_follow_each_other(store: SqlStore) -> None:
    filled(store)
    waiting: list[Future[ModelVersion]] = []
    for number in range(50):
        waiting.append(store.submit("create_model_version", "m", "s3://a" if number % 5 else "", act=Act("ann")))
    kept = [each.result(DONE_S) for each in waiting if each.exception(DONE_S) is None]
    assert sorted(int(each.version) for each in kept) == list(range(4, 44))
    assert store.verify_history("m") == []
    with pytest.raises(NotFound):
        store.submit("set_registered_model_alias", "m", "prod", "99").result(DONE_S)


def test_ids_of_models_are_never_used_again(uri: str, store: SqlStore) -> None:
    """The journal of a deleted model must not become that of another."""
    for _ in range(3):
        filled(store)
        store.delete_registered_model("m")
    store.create_registered_model("other")
    assert [each.kind for each in store.search_history("other")] == ["model_created"]
    assert len(store.search_history("m")) == 3 * 8
    told(uri, "DELETE FROM registered_model WHERE name = 'other'")
    store.create_registered_model("third")
    assert [each.name for each in store.search_history("third")] == ["third"]


def test_times_of_a_journal_never_go_back(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several servers have several clocks."""
    filled(store)
    latest = store.search_history("m")[0].timestamp
    monkeypatch.setattr("headrace.clock.now_ms", lambda: latest - 60_000)
    store.set_registered_model_alias("m", "prod", "1")
    assert store.search_history("m")[0].timestamp == latest
    monkeypatch.setattr("headrace.clock.now_ms", lambda: latest + 60_000)
    store.set_registered_model_alias("m", "prod", "2")
    events = store.search_history("m")
    assert [each.timestamp for each in events] == sorted((each.timestamp for each in events), reverse=True)
    found = store.get_alias_at("m", "prod", latest)
    assert found is not None
    assert found.after == "1"
