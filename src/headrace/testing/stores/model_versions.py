from __future__ import annotations

import pytest

from headrace.entities import ModelVersionTag
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import ODD_TEXTS, UNSTORABLE_TEXTS, invalid, missing, unique, violated
from headrace.testing.stores.registry_making import SOURCE, a_later_moment, new_model, new_version, version_tags


class ModelVersionSuite:
    """Fixture: `registry`."""

    def test_created_version_reads_back(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        made = registry.create_model_version(
            name, SOURCE, "a" * 32, version_tags(t="1", u="2"), "http://host/run", "text", user_id="ann"
        )
        assert made == registry.get_model_version(name, "1")
        assert (made.version, made.source, made.run_id, made.tags) == ("1", SOURCE, "a" * 32, {"t": "1", "u": "2"})
        assert (made.run_link, made.description, made.status) == ("http://host/run", "text", "READY")
        assert (made.current_stage, made.aliases) == ("None", [])
        assert made.creation_timestamp == made.last_updated_timestamp

    def test_what_is_not_given_is_absent(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        made = registry.create_model_version(name, SOURCE)
        assert not made.run_id
        assert not made.description
        assert not made.run_link
        assert made.tags == {}
        assert made.digest is None

    def test_numbers_count_up_and_are_never_used_again(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        assert [new_version(registry, name) for _ in range(3)] == ["1", "2", "3"]
        registry.delete_model_version(name, "3")
        assert new_version(registry, name) == "4"
        registry.delete_model_version(name, "4")
        registry.delete_model_version(name, "1")
        assert new_version(registry, name) == "5"

    def test_refused_version_leaves_no_gap(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        with violated():
            registry.create_model_version(name, SOURCE, tags=[ModelVersionTag("a", "1"), ModelVersionTag("a", "2")])
        with invalid():
            registry.create_model_version(name, "")
        assert new_version(registry, name) == "1"

    def test_new_version_touches_its_model(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        before = registry.get_registered_model(name)
        a_later_moment()
        made = registry.create_model_version(name, SOURCE)
        after = registry.get_registered_model(name)
        assert after.last_updated_timestamp == made.creation_timestamp > before.last_updated_timestamp

    def test_model_must_exist(self, registry: RegistryStore) -> None:
        name = unique("nobody")
        with missing(name):
            registry.create_model_version(name, SOURCE)

    @pytest.mark.parametrize("version", ["", "x", "1.0", "-1", " 1", "1\n", "٣", "1e3", "9" * 10_000 + "x"])
    def test_what_is_no_number_is_refused(self, registry: RegistryStore, version: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid():
            registry.get_model_version(name, version)
        with invalid():
            registry.set_registered_model_alias(name, "a", version)

    @pytest.mark.parametrize("version", ["0", "2", "9" * 18, "9" * 19, "9" * 30])
    def test_unknown_version_is_not_found(self, registry: RegistryStore, version: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        for call in (
            lambda: registry.get_model_version(name, version),
            lambda: registry.update_model_version(name, version, "x"),
            lambda: registry.delete_model_version(name, version),
            lambda: registry.get_model_version_download_uri(name, version),
            lambda: registry.set_model_version_tag(name, version, ModelVersionTag("a", "b")),
            lambda: registry.delete_model_version_tag(name, version, "a"),
            lambda: registry.set_registered_model_alias(name, "a", version),
            lambda: registry.transition_model_version_stage(name, version, "Staging"),
        ):
            with missing():
                call()

    def test_deleted_version_is_gone_with_its_aliases(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        new_version(registry, name)
        registry.set_registered_model_alias(name, "one", "1")
        registry.set_registered_model_alias(name, "uno", "1")
        registry.set_registered_model_alias(name, "two", "2")
        a_later_moment()
        before = registry.get_registered_model(name).last_updated_timestamp
        registry.delete_model_version(name, "1")
        model = registry.get_registered_model(name)
        assert model.aliases == {"two": "2"}
        assert [each.version for each in model.latest_versions] == ["2"]
        assert model.last_updated_timestamp > before
        with missing():
            registry.get_model_version(name, "1")
        with missing():
            registry.delete_model_version(name, "1")
        with invalid():
            registry.get_model_version_by_alias(name, "one")
        assert [each.version for each in registry.search_model_versions(f"name = '{name}'")] == ["2"]

    def test_update_replaces_or_clears_a_versions_description(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        made = registry.create_model_version(name, SOURCE, description="before")
        a_later_moment()
        after = registry.update_model_version(name, "1", "after")
        assert after.description == "after"
        assert after.last_updated_timestamp > made.last_updated_timestamp
        assert not registry.update_model_version(name, "1", None).description

    def test_download_uri_is_the_source(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        assert registry.get_model_version_download_uri(name, "1") == SOURCE

    def test_tag_of_a_version_is_set_replaced_and_deleted(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name, tags=version_tags(kept="1"))
        before = registry.get_model_version(name, "1").last_updated_timestamp
        for text in [*ODD_TEXTS, "x" * 100_000]:
            registry.set_model_version_tag(name, "1", ModelVersionTag("t", text))
            assert registry.get_model_version(name, "1").tags == {"kept": "1", "t": text}
        registry.delete_model_version_tag(name, "1", "t")
        registry.delete_model_version_tag(name, "1", "t")
        after = registry.get_model_version(name, "1")
        assert (after.tags, after.last_updated_timestamp) == ({"kept": "1"}, before)

    @pytest.mark.parametrize("text", UNSTORABLE_TEXTS)
    def test_text_of_a_version_that_no_database_holds_is_refused(self, registry: RegistryStore, text: str) -> None:
        name = new_model(registry)
        with invalid():
            registry.create_model_version(name, SOURCE, description=text)
        with invalid():
            registry.create_model_version(name, SOURCE, tags=[ModelVersionTag("a", text)])
        assert new_version(registry, name) == "1"

    @pytest.mark.parametrize("key", ["", "a//b", "../x", "x" * 251, "a\n"])
    def test_bad_key_of_a_versions_tag_is_refused(self, registry: RegistryStore, key: str) -> None:
        name = new_model(registry)
        new_version(registry, name)
        with invalid():
            registry.set_model_version_tag(name, "1", ModelVersionTag(key, "1"))

    def test_source_may_be_long(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        source = "s3://bucket/" + "/".join(["ж" * 100] * 15)
        assert registry.create_model_version(name, source).source == source
        with invalid():
            registry.create_model_version(name, "s3://bucket/" + "x" * 70_000)
