from __future__ import annotations

import msgspec
import pytest

from headrace.entities import Act, ModelVersionTag, RegisteredModelTag, RegistryEvent
from headrace.errors import HeadraceError
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import invalid, missing, unique
from headrace.testing.stores.registry_making import SOURCE, a_later_moment, model_tags, new_model, new_version, told


class RegistryHistorySuite:
    """The journal. Fixture: `registry`."""

    def test_every_change_is_told_with_before_and_after(self, registry: RegistryStore) -> None:
        name, other = new_model(registry, tags=model_tags(t="0"), description="d"), unique("other")
        new_version(registry, name)
        new_version(registry, name, "s3://two")
        registry.update_registered_model(name, "e")
        registry.set_registered_model_tag(name, RegisteredModelTag("t", "1"))
        registry.delete_registered_model_tag(name, "t")
        registry.update_model_version(name, "1", "v")
        registry.set_model_version_tag(name, "1", ModelVersionTag("u", "1"))
        registry.delete_model_version_tag(name, "1", "u")
        registry.set_registered_model_alias(name, "a", "1")
        registry.set_registered_model_alias(name, "a", "2")
        registry.delete_registered_model_alias(name, "a")
        registry.transition_model_version_stage(name, "1", "staging")
        registry.transition_model_version_stage(name, "2", "Staging", archive_existing_versions=True)
        registry.rename_registered_model(name, other)
        registry.set_registered_model_alias(other, "b", "2")
        registry.delete_model_version(other, "2")
        registry.delete_registered_model(other)
        assert told(registry.search_history(other)) == [
            ("model_created", None, "", None, "d"),
            ("version_created", "1", "", None, SOURCE),
            ("version_created", "2", "", None, "s3://two"),
            ("model_updated", None, "", "d", "e"),
            ("model_tag_set", None, "t", "0", "1"),
            ("model_tag_removed", None, "t", "1", None),
            ("version_updated", "1", "", None, "v"),
            ("version_tag_set", "1", "u", None, "1"),
            ("version_tag_removed", "1", "u", "1", None),
            ("alias_set", "1", "a", None, "1"),
            ("alias_set", "2", "a", "1", "2"),
            ("alias_removed", "2", "a", "2", None),
            ("stage_set", "1", "", "None", "Staging"),
            ("stage_set", "1", "", "Staging", "Archived"),
            ("stage_set", "2", "", "None", "Staging"),
            ("model_renamed", None, "", name, other),
            ("alias_set", "2", "b", None, "2"),
            ("alias_removed", "2", "b", "2", None),
            ("version_deleted", "2", "", "s3://two", None),
            ("model_deleted", None, "", None, None),
        ]
        events = registry.search_history(other)
        assert [each.name for each in events] == [other] * 4 + [name] * 16
        assert [each.event_id for each in events] == sorted((each.event_id for each in events), reverse=True)
        assert registry.verify_history(other) == []

    def test_comment_is_kept_with_the_change(self, registry: RegistryStore) -> None:
        name = new_model(registry, act=Act(comment="why"))
        new_version(registry, name, act=Act(comment="ж" * 10_000))
        registry.set_registered_model_alias(name, "a", "1", act=Act(comment="two\nlines"))
        comments = [each.comment for each in registry.search_history(name)]
        assert comments == ["two\nlines", "ж" * 10_000, "why"]
        with invalid():
            registry.set_registered_model_alias(name, "a", "1", act=Act(comment="x" * 10_001))
        with invalid():
            registry.set_registered_model_alias(name, "a", "1", act=Act(comment="a\x00b"))

    def test_refused_change_is_not_told(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        for call in (
            lambda: registry.set_registered_model_alias(name, "a", "7"),
            lambda: registry.rename_registered_model(name, new_model(registry)),
            lambda: registry.transition_model_version_stage(name, "1", "nowhere"),
        ):
            with pytest.raises(HeadraceError):  # other tests say which
                call()
        assert [each.kind for each in registry.search_history(name)] == ["version_created", "model_created"]

    def test_history_is_narrowed(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(2):
            new_version(registry, name)
        registry.set_registered_model_alias(name, "a", "1")
        registry.set_registered_model_alias(name, "b", "2")
        middle = a_later_moment()
        registry.set_registered_model_alias(name, "a", "2")
        registry.transition_model_version_stage(name, "2", "Staging")

        def found(**asked: object) -> list[tuple[str, str | None]]:
            return [(each.kind, each.version) for each in registry.search_history(name, **asked)]  # type: ignore[arg-type]

        assert found(version="2") == [
            ("stage_set", "2"),
            ("alias_set", "2"),
            ("alias_set", "2"),
            ("version_created", "2"),
        ]
        assert found(kinds=["alias_set"], key="a") == [("alias_set", "2"), ("alias_set", "1")]
        assert found(kinds=["stage_set", "model_created"]) == [("stage_set", "2"), ("model_created", None)]
        assert found(since_ms=middle) == [("stage_set", "2"), ("alias_set", "2")]
        assert len(found(until_ms=middle - 1)) == 5
        event = registry.search_history(name)[0]
        assert found(since_ms=event.timestamp, until_ms=event.timestamp)[0] == ("stage_set", "2")
        assert found(version="3") == []
        with invalid():
            found(version="x")
        with invalid():
            found(kinds=["no such kind"])
        with invalid():
            found(max_results=0)
        with invalid():
            found(max_results=10_001)

    def test_history_comes_in_pages(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        for number in range(12):
            registry.set_model_version_tag(name, "1", ModelVersionTag("t", str(number)))
        found: list[RegistryEvent] = []
        page = registry.search_history(name, max_results=5)
        found += page
        while page.token:
            new_tag = ModelVersionTag("meanwhile", "1")
            registry.set_model_version_tag(name, "1", new_tag)  # is newer than where the page ended
            page = registry.search_history(name, max_results=5, page_token=page.token)
            found += page
        assert [each.after for each in found if each.kind == "version_tag_set"] == [str(n) for n in range(11, -1, -1)]
        assert len(found) == 14
        with invalid():
            registry.search_history(
                name, key="t", max_results=5, page_token=registry.search_history(name, max_results=5).token
            )

    def test_history_survives_deletion_and_goes_on_with_the_next_of_that_name(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        registry.delete_registered_model(name)
        assert [each.kind for each in registry.search_history(name)] == [
            "model_deleted",
            "version_created",
            "model_created",
        ]
        registry.create_registered_model(name)
        assert [each.kind for each in registry.search_history(name)][:2] == ["model_created", "model_deleted"]
        assert registry.verify_history(name) == []

    def test_former_name_tells_the_same_until_another_model_has_it(self, registry: RegistryStore) -> None:
        name, other = new_model(registry), unique("other")
        registry.rename_registered_model(name, other)
        assert registry.search_history(name) == registry.search_history(other)
        registry.create_registered_model(name)
        assert [each.kind for each in registry.search_history(name)] == ["model_created"]
        assert len(registry.search_history(other)) == 2

    def test_unknown_name_has_no_history(self, registry: RegistryStore) -> None:
        name = unique("never")
        for call in (
            lambda: registry.search_history(name),
            lambda: registry.get_alias_at(name, "a", 1),
            lambda: registry.get_stage_at(name, "None", 1),
            lambda: registry.verify_history(name),
        ):
            with missing(name):
                call()

    def test_alias_at_a_time(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        moments = [a_later_moment()]

        def then(change: object) -> None:
            assert change is None or change
            moments.append(a_later_moment())

        for _ in range(2):
            new_version(registry, name)
        then(registry.set_registered_model_alias(name, "prod", "1"))
        then(registry.set_registered_model_alias(name, "other", "2"))
        then(registry.set_registered_model_alias(name, "prod", "2"))
        then(registry.delete_registered_model_alias(name, "prod"))
        then(registry.set_registered_model_alias(name, "prod", "1"))
        then(registry.rename_registered_model(name, f"{name}-new"))
        then(registry.delete_model_version(f"{name}-new", "1"))
        new_version(registry, f"{name}-new")
        then(registry.set_registered_model_alias(f"{name}-new", "prod", "3"))
        then(registry.delete_registered_model(f"{name}-new"))
        found = [registry.get_alias_at(f"{name}-new", "prod", each) for each in moments]
        assert [each and each.after for each in found] == [None, "1", "1", "2", None, "1", "1", None, "3", None]
        at = found[3]
        assert at is not None
        assert registry.get_alias_at(f"{name}-new", "prod", at.timestamp) == at

    def test_alias_at_a_time_is_that_of_the_model_that_had_the_name(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        registry.set_registered_model_alias(name, "prod", "1")
        first = a_later_moment()
        registry.delete_registered_model(name)
        between = a_later_moment()
        other = new_model(registry)
        for _ in range(2):
            new_version(registry, other)
        registry.set_registered_model_alias(other, "prod", "2")
        registry.rename_registered_model(other, name)
        now = a_later_moment()
        answers = [registry.get_alias_at(name, "prod", each) for each in (first, between, now)]
        assert [each and each.after for each in answers] == ["1", None, "2"]

    def test_stage_at_a_time(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        empty = a_later_moment()
        for _ in range(3):
            new_version(registry, name)
        registry.transition_model_version_stage(name, "1", "Production")
        registry.transition_model_version_stage(name, "2", "Production")
        both = a_later_moment()
        registry.transition_model_version_stage(name, "3", "Production", archive_existing_versions=True)
        one = a_later_moment()
        registry.delete_model_version(name, "3")
        gone = a_later_moment()
        registry.delete_registered_model(name)
        end = a_later_moment()

        def held(stage: str, at: int) -> list[str | None]:
            return [each.version for each in registry.get_stage_at(name, stage, at)]

        assert [held("production", at) for at in (empty, both, one, gone, end)] == [[], ["2", "1"], ["3"], [], []]
        assert [held("None", at) for at in (empty, both, one, gone, end)] == [[], ["3"], [], [], []]
        assert held("Archived", gone) == ["2", "1"]
        with invalid():
            registry.get_stage_at(name, "nowhere", end)

    def test_journal_moves_to_another_model_with_its_times(self, registry: RegistryStore) -> None:
        source, name = new_model(registry, act=Act(comment="first")), unique("moved")
        new_version(registry, source)
        registry.set_registered_model_alias(source, "prod", "1")
        then = a_later_moment()
        registry.delete_registered_model_alias(source, "prod")
        events = list(reversed(registry.search_history(source)))
        a_later_moment()
        registry.create_registered_model(name)
        registry.import_history(name, events, act=Act(comment="moved"))
        a_later_moment()
        found = registry.search_history(name)
        assert [each.kind for each in found] == [
            "imported",
            "alias_removed",
            "alias_set",
            "version_created",
            "model_created",
            "model_created",
        ]
        imported = list(reversed(found))[1:-1]
        made_anew = {"event_id": 0, "chain": ""}
        assert [msgspec.structs.replace(each, **made_anew) for each in imported] == [
            msgspec.structs.replace(each, **made_anew) for each in events
        ]
        assert (found[0].comment, found[0].before, found[0].after) == ("moved", source, "4")
        assert registry.verify_history(name) == []
        at = registry.get_alias_at(name, "prod", then)
        assert at is not None
        assert at.after == "1"
        assert new_version(registry, name) == "1"

    def test_imported_alias_ends_where_the_import_begins(self, registry: RegistryStore) -> None:
        source, name = new_model(registry), unique("moved")
        new_version(registry, source)
        registry.set_registered_model_alias(source, "prod", "1")
        registry.transition_model_version_stage(source, "1", "Staging")
        then = a_later_moment()
        registry.create_registered_model(name)
        registry.import_history(name, list(reversed(registry.search_history(source))))
        now = a_later_moment()
        assert registry.get_alias_at(name, "prod", then - 1) is not None
        assert registry.get_alias_at(name, "prod", now) is None
        assert registry.get_stage_at(name, "Staging", now) == []
        assert registry.get_registered_model(name).aliases == {}

    def test_journal_is_taken_over_only_by_a_fresh_model(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid(name):
            registry.import_history(name, [])
        with missing():
            registry.import_history(unique("nobody"), [])
