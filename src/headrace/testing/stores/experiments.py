from __future__ import annotations

from pathlib import Path

import pytest

from headrace import clock
from headrace.entities import ExperimentTag, ViewType
from headrace.stores.base import TrackingStore
from headrace.testing.stores.making import (
    KEYS_REFUSED,
    ODD_TEXTS,
    UNSTORABLE_TEXTS,
    invalid,
    missing,
    new_experiment,
    new_run,
    taken,
    unique,
    violated,
)


class ExperimentSuite:
    def test_default_experiment_is_there(self, store: TrackingStore) -> None:
        default = store.get_experiment("0")
        assert (default.experiment_id, default.name) == ("0", "Default")
        assert default.artifact_location.endswith("/0")
        assert store.get_experiment_by_name("Default") == default

    def test_created_experiment_is_read_back(self, store: TrackingStore) -> None:
        before, name = clock.now_ms(), unique()
        made = store.create_experiment(name, tags=[ExperimentTag("team", "a"), ExperimentTag("empty", "")])
        read = store.get_experiment(made)
        assert (read.experiment_id, read.name, read.lifecycle_stage) == (made, name, "active")
        assert read.tags == {"team": "a", "empty": ""}
        assert read.artifact_location.endswith(f"/{made}")
        assert read.creation_time is not None
        assert before <= read.creation_time <= clock.now_ms()
        assert read.last_update_time == read.creation_time
        assert store.get_experiment_by_name(name) == read

    def test_ids_count_up(self, store: TrackingStore) -> None:
        made = [int(new_experiment(store)) for _ in range(5)]
        assert made == sorted(set(made))
        assert made[0] > 0

    def test_refused_creation_leaves_nothing(self, store: TrackingStore) -> None:
        name = unique()
        with invalid():
            store.create_experiment(name, tags=[ExperimentTag("fine", "1"), ExperimentTag("a//b", "2")])
        assert store.get_experiment_by_name(name) is None

    @pytest.mark.parametrize("name", ["", "n" * 501, *UNSTORABLE_TEXTS])
    def test_bad_experiment_name_is_refused(self, store: TrackingStore, name: str) -> None:
        with invalid("name"):
            store.create_experiment(name)
        with invalid("name"):
            store.ensure_experiment(name)
        with invalid("name"):
            store.rename_experiment(new_experiment(store), name)

    def test_names_and_tag_values_keep_every_character(self, store: TrackingStore) -> None:
        for text in ODD_TEXTS:
            name = unique() + text
            made = store.create_experiment(name, tags=[ExperimentTag("t", text)])
            read = store.get_experiment_by_name(name)
            assert read is not None
            assert (read.experiment_id, read.name, read.tags) == (made, name, {"t": text})
        longest = unique().ljust(500, "ж")
        assert store.get_experiment(store.create_experiment(longest)).name == longest

    def test_names_are_compared_exactly(self, store: TrackingStore) -> None:
        name = unique()
        ids = [store.create_experiment(each) for each in (name, name.upper(), name + " ", " " + name)]
        assert len(set(ids)) == 4
        assert store.get_experiment_by_name(name.title()) is None

    def test_taken_name_is_refused_also_when_its_holder_is_deleted(self, store: TrackingStore) -> None:
        name = unique()
        holder = store.create_experiment(name)
        with taken(name):
            store.create_experiment(name)
        store.delete_experiment(holder)
        with taken(name):
            store.create_experiment(name)

    def test_repeated_tag_key_is_refused(self, store: TrackingStore) -> None:
        with violated("twice"):
            store.create_experiment(unique(), tags=[ExperimentTag("k", "1"), ExperimentTag("k", "1")])

    def test_ensure_returns_the_same_experiment(self, store: TrackingStore) -> None:
        name = unique()
        made = store.ensure_experiment(name)
        assert made.name == name
        assert store.ensure_experiment(name) == made == store.get_experiment(made.experiment_id)

    def test_ensure_refuses_a_deleted_experiment(self, store: TrackingStore) -> None:
        name = unique()
        store.delete_experiment(store.create_experiment(name))
        with invalid("active"):
            store.ensure_experiment(name)

    @pytest.mark.parametrize("location", ["s3://bucket/deep/path", "/var/data", "s3://bucket/p?region=eu"])
    def test_artifact_location_is_kept(self, store: TrackingStore, location: str) -> None:
        made = store.create_experiment(unique(), artifact_location=location)
        assert store.get_experiment(made).artifact_location == location
        run = store.create_run(made)
        path, _, query = location.partition("?")
        tail = f"?{query}" if query else ""
        assert run.info.artifact_uri == f"{path}/{run.info.run_id}/artifacts{tail}"

    def test_relative_artifact_location_becomes_absolute(self, store: TrackingStore) -> None:
        made = store.create_experiment(unique(), artifact_location="some/folder")
        location = store.get_experiment(made).artifact_location
        assert Path(location).is_absolute()
        assert location.endswith("/some/folder")

    @pytest.mark.parametrize(
        "location",
        ["s3://bucket/a#fragment", "/data/a;b", "runs:/abc/model", "/x" * 1025, "/nul\x00", "http://[::1"],
    )
    def test_bad_artifact_location_is_refused(self, store: TrackingStore, location: str) -> None:
        with invalid("artifact_location"):
            store.create_experiment(unique(), artifact_location=location)

    def test_unknown_experiment_is_missing_for_every_call(self, store: TrackingStore) -> None:
        for unknown in ("987654321987", "9" * 40, "-1"):
            for call in (
                store.get_experiment,
                store.delete_experiment,
                store.restore_experiment,
                store.create_run,
                store.create_logged_model,
                lambda unknown: store.rename_experiment(unknown, unique()),
                lambda unknown: store.set_experiment_tag(unknown, "a", "b"),
                lambda unknown: store.delete_experiment_tag(unknown, "a"),
            ):
                with missing(unknown[:20]):
                    call(unknown)

    @pytest.mark.parametrize("experiment_id", ["abc", "1.5", " 1", "1_0", "0x1", "１", "1;2"])
    def test_id_that_is_no_integer_is_invalid(self, store: TrackingStore, experiment_id: str) -> None:
        with invalid("experiment_id"):
            store.get_experiment(experiment_id)
        with invalid("experiment_id"):
            store.search_runs([experiment_id])

    def test_unknown_name_is_none(self, store: TrackingStore) -> None:
        assert store.get_experiment_by_name(unique()) is None

    def test_rename(self, store: TrackingStore) -> None:
        old, new = unique(), unique()
        made = store.create_experiment(old)
        before = store.get_experiment(made)
        store.rename_experiment(made, new)
        after = store.get_experiment(made)
        assert after.name == new
        assert after.creation_time == before.creation_time
        assert (after.last_update_time or 0) >= (before.last_update_time or 0)
        assert store.get_experiment_by_name(old) is None
        assert store.create_experiment(old) != made
        store.rename_experiment(made, new)

    def test_rename_to_a_taken_name_is_refused(self, store: TrackingStore) -> None:
        name = unique()
        store.create_experiment(name)
        made = new_experiment(store)
        with violated(name):
            store.rename_experiment(made, name)

    def test_deleted_experiment_is_readable_but_not_writable(self, store: TrackingStore) -> None:
        name = unique()
        made = store.create_experiment(name, tags=[ExperimentTag("a", "b")])
        store.delete_experiment(made)
        assert store.get_experiment(made).lifecycle_stage == "deleted"
        found = store.get_experiment_by_name(name)
        assert found is not None
        assert found.experiment_id == made
        for write in (
            lambda: store.rename_experiment(made, unique()),
            lambda: store.set_experiment_tag(made, "c", "d"),
            lambda: store.create_run(made),
            lambda: store.create_logged_model(made),
        ):
            with invalid("active"):
                write()

    def test_delete_and_restore_move_all_runs(self, store: TrackingStore) -> None:
        made = new_experiment(store)
        kept, dropped = new_run(store, made), new_run(store, made)
        store.delete_run(dropped)
        store.delete_experiment(made)
        assert store.get_run(kept).info.lifecycle_stage == "deleted"
        assert store.count_runs([made]) == 0
        store.restore_experiment(made)
        assert store.get_experiment(made).lifecycle_stage == "active"
        assert {store.get_run(run).info.lifecycle_stage for run in (kept, dropped)} == {"active"}

    def test_delete_and_restore_need_the_other_state(self, store: TrackingStore) -> None:
        made = new_experiment(store)
        with missing():
            store.restore_experiment(made)
        store.delete_experiment(made)
        with missing():
            store.delete_experiment(made)

    def test_tags_are_set_overwritten_and_deleted(self, store: TrackingStore) -> None:
        made = new_experiment(store)
        store.set_experiment_tag(made, "owner", "one")
        store.set_experiment_tag(made, "owner", "two")
        store.set_experiment_tag(made, "long", "x" * 20_000)
        assert store.get_experiment(made).tags == {"owner": "two", "long": "x" * 20_000}
        store.delete_experiment_tag(made, "owner")
        assert set(store.get_experiment(made).tags) == {"long"}
        with missing("owner"):
            store.delete_experiment_tag(made, "owner")

    @pytest.mark.parametrize(
        ("key", "value"), [("k", "v" * 20_001), ("k", "\x00"), *((key, "v") for key in KEYS_REFUSED)]
    )
    def test_bad_tag_is_refused(self, store: TrackingStore, key: str, value: str) -> None:
        made = new_experiment(store)
        with invalid():
            store.set_experiment_tag(made, key, value)
        assert store.get_experiment(made).tags == {}

    def test_experiments_are_the_callers_own(self, store: TrackingStore) -> None:
        made = store.create_experiment(unique(), tags=[ExperimentTag("a", "b")])
        store.get_experiment(made).tags["a"] = "spoilt"
        for found in store.search_experiments(filter_string=f"experiment_id = '{made}'"):
            found.tags.clear()
        assert store.get_experiment(made).tags == {"a": "b"}

    def test_view_types_part_active_from_deleted(self, store: TrackingStore) -> None:
        stem = unique()
        alive, dead = store.create_experiment(f"{stem}a"), store.create_experiment(f"{stem}b")
        store.delete_experiment(dead)
        expected = {
            ViewType.ACTIVE_ONLY: {alive},
            ViewType.DELETED_ONLY: {dead},
            ViewType.ALL: {alive, dead},
        }
        for view, ids in expected.items():
            found = store.search_experiments(view, filter_string=f"name LIKE '{stem}%'")
            assert {each.experiment_id for each in found} == ids

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("name = '{stem}b'", "b"),
            ("name != '{stem}b'", "Ac"),
            ("attribute.name LIKE '{stem}_'", "Abc"),
            ("name LIKE '%a'", ""),
            ("name ILIKE '%a'", "A"),
            ("tags.stage = 'b'", "b"),
            ("tag.stage != 'b'", "c"),
            ("tags.`stage` LIKE '%'", "bc"),
            ("tags.stage IS NULL", "A"),
            ("tags.stage IS NOT NULL", "bc"),
            ("creation_time > 0", "Abc"),
            ("last_update_time < 1000", ""),
            ("experiment_id = '{c}'", "c"),
            ("experiment_id = '0{c}'", "c"),
            ("experiment_id != '{c}'", "Ab"),
            ("experiment_id IN ('{A}', '{c}')", "Ac"),
            ("experiment_id NOT IN ('{A}')", "bc"),
            ("experiment_id IN ('{A}', '99999999999999999999999999')", "A"),
            ("name LIKE '{stem}%' AND tags.stage = 'c' AND experiment_id = '{c}'", "c"),
        ],
    )
    def test_experiment_filter(self, store: TrackingStore, rule: str, expected: str) -> None:
        stem = unique()
        ids = {
            letter: store.create_experiment(
                stem + letter, tags=[] if letter == "A" else [ExperimentTag("stage", letter)]
            )
            for letter in "bcA"
        }
        found = store.search_experiments(
            filter_string=f"name LIKE '{stem}%' AND {rule.format(stem=stem, **ids)}", order_by=["name"]
        )
        assert "".join(each.name[-1] for each in found) == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["name"], "Abc"),
            (["name DESC"], "cbA"),
            (["attribute.name asc"], "Abc"),
            (["experiment_id"], "bcA"),
            (["experiment_id DESC"], "Acb"),
            (["creation_time ASC", "experiment_id ASC"], "bcA"),
        ],
    )
    def test_experiment_order(self, store: TrackingStore, order: list[str], expected: str) -> None:
        stem = unique()
        for letter in "bcA":
            store.create_experiment(stem + letter)
        found = store.search_experiments(filter_string=f"name LIKE '{stem}%'", order_by=order)
        assert "".join(each.name[-1] for each in found) == expected

    def test_default_order_of_experiments_is_newest_first_then_lowest_id(self, store: TrackingStore) -> None:
        stem = unique()
        for letter in "abcdef":
            store.create_experiment(stem + letter)
        found = store.search_experiments(filter_string=f"name LIKE '{stem}%'")
        asked = sorted(found, key=lambda each: (-(each.creation_time or 0), int(each.experiment_id)))
        assert [each.name for each in found] == [each.name for each in asked]
        by_name = store.search_experiments(filter_string=f"name LIKE '{stem}%'", order_by=["last_update_time"])
        ties = sorted(by_name, key=lambda each: (each.last_update_time or 0, -int(each.experiment_id)))
        assert [each.name for each in by_name] == [each.name for each in ties]

    @pytest.mark.parametrize(
        "rule",
        [
            "name = unquoted",
            "name = 'hanging",
            "name IN ('a')",
            "name == 'a'",
            "attributes.name = 'a'",
            "metrics.a > 1",
            "lifecycle_stage = 'active'",
            "creation_time > 1.5",
            "creation_time > '1'",
            "experiment_id = 1",
            "experiment_id = 'one'",
            "name = 'a' OR name = 'b'",
            "name",
            "   ",
        ],
    )
    def test_bad_experiment_filter_is_refused(self, store: TrackingStore, rule: str) -> None:
        with invalid("filter"):
            store.search_experiments(filter_string=rule)

    @pytest.mark.parametrize(
        "order", ["tags.stage", "name SIDEWAYS", "nothing", "artifact_location", "name, experiment_id"]
    )
    def test_bad_experiment_order_is_refused(self, store: TrackingStore, order: str) -> None:
        with invalid("order_by"):
            store.search_experiments(order_by=[order])
        with invalid("order_by"):
            store.search_experiments(order_by=["name", "name DESC"])
