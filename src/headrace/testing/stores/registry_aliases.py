from __future__ import annotations

import pytest

from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import invalid, missing, refused, unique
from headrace.testing.stores.registry_making import (
    ALIASES_ALLOWED,
    ALIASES_REFUSED,
    ALIASES_RESERVED,
    a_later_moment,
    new_model,
    new_version,
    version_tags,
)


class AliasStageSuite:
    """What points to a version: aliases, stages, "the latest". Fixture: `registry`."""

    @pytest.mark.parametrize("alias", ALIASES_ALLOWED)
    def test_alias_is_set_moved_and_removed(self, registry: RegistryStore, alias: str) -> None:
        name = new_model(registry)
        new_version(registry, name, tags=version_tags(t="1"))
        new_version(registry, name)
        registry.set_registered_model_alias(name, alias, "1")
        found = registry.get_model_version_by_alias(name, alias)
        assert found == registry.get_model_version(name, "1")
        assert (found.version, found.aliases, found.tags) == ("1", [alias], {"t": "1"})
        registry.set_registered_model_alias(name, alias, "2")
        assert registry.get_model_version_by_alias(name, alias).version == "2"
        assert registry.get_registered_model(name).aliases == {alias: "2"}
        registry.delete_registered_model_alias(name, alias)
        registry.delete_registered_model_alias(name, alias)
        assert registry.get_registered_model(name).aliases == {}
        with invalid(alias[:100]):
            registry.get_model_version_by_alias(name, alias)

    @pytest.mark.parametrize("alias", ALIASES_REFUSED)
    def test_bad_alias_is_refused(self, registry: RegistryStore, alias: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid():
            registry.set_registered_model_alias(name, alias, "1")
        assert registry.get_registered_model(name).aliases == {}

    @pytest.mark.parametrize("alias", ALIASES_RESERVED)
    def test_reserved_alias_is_refused(self, registry: RegistryStore, alias: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid():
            registry.set_registered_model_alias(name, alias, "1")

    def test_latest_is_the_highest_version(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        with invalid():
            registry.get_model_version_by_alias(name, "latest")
        for _ in range(11):
            new_version(registry, name)
        assert registry.get_model_version_by_alias(name, "latest").version == "11"
        registry.delete_model_version(name, "11")
        assert registry.get_model_version_by_alias(name, "latest").version == "10"

    def test_alias_of_an_unknown_model_is_not_found(self, registry: RegistryStore) -> None:
        name = unique("nobody")
        with missing(name):
            registry.get_model_version_by_alias(name, "a")
        with missing(name):
            registry.set_registered_model_alias(name, "a", "1")
        with missing(name):
            registry.delete_registered_model_alias(name, "a")

    def test_aliases_and_tags_leave_times_as_they_are(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        before = registry.get_registered_model(name)
        a_later_moment()
        registry.set_registered_model_alias(name, "a", "1")
        after = registry.get_registered_model(name)
        assert after.last_updated_timestamp == before.last_updated_timestamp
        assert after.latest_versions == before.latest_versions

    def test_aliases_are_told_with_single_versions_only(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        for alias in ("b", "a"):
            registry.set_registered_model_alias(name, alias, "1")
        assert sorted(registry.get_model_version(name, "1").aliases) == ["a", "b"]
        assert sorted(registry.get_latest_versions(name)[0].aliases) == ["a", "b"]
        assert sorted(registry.update_model_version(name, "1", "x").aliases) == ["a", "b"]
        assert sorted(registry.transition_model_version_stage(name, "1", "Staging").aliases) == ["a", "b"]
        assert registry.search_model_versions(f"name = '{name}'")[0].aliases == []
        assert registry.get_registered_model(name).latest_versions[0].aliases == []

    @pytest.mark.parametrize("stage", ["None", "staging", "PRODUCTION", "Archived"])
    def test_stage_is_taken_in_any_case(self, registry: RegistryStore, stage: str) -> None:
        name = new_model(registry)
        made = registry.create_model_version(name, "s3://x")
        a_later_moment()
        moved = registry.transition_model_version_stage(name, "1", stage)
        assert moved.current_stage == stage.capitalize()
        assert moved == registry.get_model_version(name, "1")
        assert moved.last_updated_timestamp > made.last_updated_timestamp
        assert registry.get_registered_model(name).last_updated_timestamp == moved.last_updated_timestamp

    def test_unknown_stage_is_refused(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        for stage in ("", "Live", "x" * 10_000, "Deleted_Internal"):
            with invalid():
                registry.transition_model_version_stage(name, "1", stage)
            with invalid():
                registry.get_latest_versions(name, [stage])

    def test_archiving_moves_the_others_of_the_stage(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(4):
            new_version(registry, name)
        for version in ("1", "2"):
            registry.transition_model_version_stage(name, version, "Production")
        registry.transition_model_version_stage(name, "3", "Staging")
        a_later_moment()
        registry.transition_model_version_stage(name, "4", "production", archive_existing_versions=True)
        stages = [registry.get_model_version(name, version).current_stage for version in "1234"]
        assert stages == ["Archived", "Archived", "Staging", "Production"]
        times = {registry.get_model_version(name, version).last_updated_timestamp for version in "124"}
        assert min(times) > registry.get_model_version(name, "3").last_updated_timestamp

    def test_version_stays_when_it_archives_its_own_stage(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        registry.transition_model_version_stage(name, "1", "Staging")
        moved = registry.transition_model_version_stage(name, "1", "Staging", archive_existing_versions=True)
        assert moved.current_stage == "Staging"

    @pytest.mark.parametrize("stage", ["None", "Archived"])
    def test_only_active_stages_archive_others(self, registry: RegistryStore, stage: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid(stage):
            registry.transition_model_version_stage(name, "1", stage, archive_existing_versions=True)

    def test_latest_versions_are_the_highest_of_each_stage(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for number, stage in enumerate(["None", "Staging", "Production", "Staging", "Production", "None"], 1):
            new_version(registry, name, tags=version_tags(n=str(number)))
            registry.transition_model_version_stage(name, str(number), stage)
        found = {each.current_stage: each for each in registry.get_latest_versions(name)}
        assert {stage: each.version for stage, each in found.items()} == {
            "None": "6",
            "Staging": "4",
            "Production": "5",
        }
        assert found["Staging"].tags == {"n": "4"}
        of_model = registry.get_registered_model(name).latest_versions
        assert sorted(each.version for each in of_model) == ["4", "5", "6"]
        assert [each.version for each in registry.get_latest_versions(name, ["production"])] == ["5"]
        assert registry.get_latest_versions(name, ["Archived"]) == []

    def test_move_after_somebody_else_changed_the_model_conflicts(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        revision = registry.get_registered_model(name).revision
        registry.set_registered_model_alias(name, "a", "1", if_revision=revision)
        assert registry.get_registered_model(name).revision == revision + 1
        with refused("RESOURCE_CONFLICT", name):
            registry.set_registered_model_alias(name, "b", "1", if_revision=revision)
        with refused("RESOURCE_CONFLICT", name):
            registry.transition_model_version_stage(name, "1", "Staging", if_revision=revision)
        assert registry.get_registered_model(name).aliases == {"a": "1"}
        registry.transition_model_version_stage(name, "1", "Staging", if_revision=revision + 1)

    def test_revision_counts_every_change(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        seen = [registry.get_registered_model(name).revision]
        for change in (
            lambda: new_version(registry, name),
            lambda: registry.update_model_version(name, "1", "x"),
            lambda: registry.set_registered_model_alias(name, "a", "1"),
            lambda: registry.update_registered_model(name, "x"),
            lambda: registry.delete_registered_model_alias(name, "a"),
        ):
            change()
            seen.append(registry.get_registered_model(name).revision)
        assert seen == [1, 2, 3, 4, 5, 6]
        registry.delete_registered_model_alias(name, "a")
        registry.delete_registered_model_tag(name, "nothing")
        assert registry.get_registered_model(name).revision == 6
