from __future__ import annotations

import pytest

from headrace.entities import RegisteredModelTag
from headrace.entities.model_policy import Gate, MetricCheck, ModelPolicy, SchemaCheck, TagCheck
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import (
    KEYS_ALLOWED,
    KEYS_REFUSED,
    ODD_TEXTS,
    UNSTORABLE_TEXTS,
    invalid,
    missing,
    taken,
    unique,
    violated,
)
from headrace.testing.stores.registry_making import (
    NAMES_REFUSED,
    PROMPT_TAG,
    a_later_moment,
    model_tags,
    new_model,
    new_version,
)


class RegisteredModelSuite:
    """Registered models without their versions. Fixture: `registry`."""

    def test_created_model_reads_back(self, registry: RegistryStore) -> None:
        name = unique("model")
        made = registry.create_registered_model(name, model_tags(team="a", x="1"), "# Markdown\n")
        assert made == registry.get_registered_model(name)
        assert (made.name, made.description, made.tags) == (name, "# Markdown\n", {"team": "a", "x": "1"})
        assert made.latest_versions == []
        assert made.aliases == {}
        assert made.creation_timestamp == made.last_updated_timestamp

    def test_description_may_be_absent(self, registry: RegistryStore) -> None:
        assert not registry.get_registered_model(new_model(registry)).description
        assert not registry.get_registered_model(new_model(registry, description="")).description

    @pytest.mark.parametrize("stem", ["ключ 指标 🜁", "%_?*[a]", 'it\'s "x"', " spaced ", "a.b", "a#b?c&d", "\\"])
    def test_odd_names_are_kept(self, registry: RegistryStore, stem: str) -> None:
        name = stem + unique()
        registry.create_registered_model(name)
        version = new_version(registry, name)
        registry.set_registered_model_alias(name, "one", version)
        assert registry.get_registered_model(name).name == name
        assert registry.get_model_version_by_alias(name, "one").name == name
        assert [each.name for each in registry.search_history(name)] == [name] * 3

    @pytest.mark.parametrize("name", NAMES_REFUSED)
    def test_bad_name_is_refused_everywhere(self, registry: RegistryStore, name: str) -> None:
        with invalid():
            registry.create_registered_model(name)
        with invalid():
            registry.rename_registered_model(new_model(registry), name)
        with invalid():
            registry.get_registered_model(name)

    def test_longest_name_is_kept(self, registry: RegistryStore) -> None:
        name = unique("n").ljust(256, "é")
        assert new_model(registry, name=name) == name

    def test_taken_name_is_refused(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        with taken(name):
            registry.create_registered_model(name)

    def test_prompts_and_models_share_names_and_the_refusal_says_who_has_it(self, registry: RegistryStore) -> None:
        model, prompt = new_model(registry), new_model(registry, tags=[RegisteredModelTag(PROMPT_TAG, "true")])
        with taken("Registered model", model):
            registry.create_registered_model(model, [RegisteredModelTag(PROMPT_TAG, "true")])
        with taken("Prompt", prompt):
            registry.create_registered_model(prompt)

    def test_names_differ_by_case(self, registry: RegistryStore) -> None:
        name = new_model(registry, name=unique("Case"))
        registry.create_registered_model(name.lower())
        with missing():
            registry.get_registered_model(name.upper())

    def test_unknown_model_is_not_found(self, registry: RegistryStore) -> None:
        name = unique("nobody")
        for call in (
            lambda: registry.get_registered_model(name),
            lambda: registry.update_registered_model(name, "x"),
            lambda: registry.rename_registered_model(name, unique()),
            lambda: registry.delete_registered_model(name),
            lambda: registry.set_registered_model_tag(name, RegisteredModelTag("a", "b")),
            lambda: registry.delete_registered_model_tag(name, "a"),
            lambda: registry.get_latest_versions(name),
            lambda: registry.get_policy(name),
        ):
            with missing(name):
                call()

    def test_update_replaces_or_clears_the_description(self, registry: RegistryStore) -> None:
        name = new_model(registry, description="before")
        before = registry.get_registered_model(name)
        a_later_moment()
        after = registry.update_registered_model(name, "after")
        assert after.description == "after"
        assert after.last_updated_timestamp > before.last_updated_timestamp
        assert after.creation_timestamp == before.creation_timestamp
        assert not registry.update_registered_model(name, None).description
        assert registry.get_registered_model(name).tags == {}

    def test_long_description_is_kept_and_a_longer_one_refused(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        text = "# Ж\n" * 25_000
        assert registry.update_registered_model(name, text).description == text
        with invalid("100001"):
            registry.update_registered_model(name, "x" * 100_001)

    def test_rename_takes_everything_along(self, registry: RegistryStore) -> None:
        name, other = new_model(registry, tags=model_tags(t="1"), description="d"), unique("renamed")
        first, second = new_version(registry, name), new_version(registry, name)
        registry.set_registered_model_alias(name, "one", first)
        before = registry.get_registered_model(name)
        a_later_moment()
        after = registry.rename_registered_model(name, other)
        assert after == registry.get_registered_model(other)
        assert (after.tags, after.description, after.aliases) == ({"t": "1"}, "d", {"one": first})
        assert after.last_updated_timestamp > before.last_updated_timestamp
        assert [registry.get_model_version(other, each).name for each in (first, second)] == [other, other]
        with missing():
            registry.get_registered_model(name)
        with missing():
            registry.get_model_version(name, first)
        assert registry.search_model_versions(f"name = '{name}'") == []
        assert len(registry.search_model_versions(f"name = '{other}'")) == 2

    def test_rename_to_a_taken_name_changes_nothing(self, registry: RegistryStore) -> None:
        one, two = new_model(registry), new_model(registry)
        before = registry.get_registered_model(one)
        with taken(two):
            registry.rename_registered_model(one, two)
        assert registry.get_registered_model(one) == before

    def test_name_is_free_after_a_rename_and_after_a_deletion(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        other = unique()
        registry.rename_registered_model(name, other)
        registry.create_registered_model(name)
        registry.delete_registered_model(name)
        registry.create_registered_model(name)
        assert new_version(registry, name) == "1"
        assert new_version(registry, other) == "2"

    def test_deleted_model_is_gone_with_its_versions(self, registry: RegistryStore) -> None:
        name = new_model(registry, tags=model_tags(t="1"))
        version = new_version(registry, name, tags=[])
        registry.set_registered_model_alias(name, "one", version)
        registry.delete_registered_model(name)
        with missing():
            registry.get_registered_model(name)
        with missing():
            registry.get_model_version(name, version)
        with missing():
            registry.get_model_version_by_alias(name, "one")
        with missing():
            registry.delete_registered_model(name)
        again = registry.create_registered_model(name)
        assert (again.tags, again.aliases, again.latest_versions) == ({}, {}, [])

    @pytest.mark.parametrize("key", KEYS_ALLOWED)
    def test_tag_is_set_replaced_and_deleted(self, registry: RegistryStore, key: str) -> None:
        name = new_model(registry)
        registry.set_registered_model_tag(name, RegisteredModelTag(key, "1"))
        registry.set_registered_model_tag(name, RegisteredModelTag(key, "2"))
        assert registry.get_registered_model(name).tags == {key: "2"}
        registry.delete_registered_model_tag(name, key)
        registry.delete_registered_model_tag(name, key)
        assert registry.get_registered_model(name).tags == {}

    @pytest.mark.parametrize("key", KEYS_REFUSED)
    def test_bad_tag_key_is_refused(self, registry: RegistryStore, key: str) -> None:
        name = new_model(registry)
        with invalid():
            registry.set_registered_model_tag(name, RegisteredModelTag(key, "1"))
        with invalid():
            registry.create_registered_model(unique(), [RegisteredModelTag(key, "1")])

    def test_tag_values_are_kept_as_they_are(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for text in [*ODD_TEXTS, "x" * 100_000]:
            registry.set_registered_model_tag(name, RegisteredModelTag("t", text))
            assert registry.get_registered_model(name).tags["t"] == text
        with invalid("100001"):
            registry.set_registered_model_tag(name, RegisteredModelTag("t", "x" * 100_001))

    @pytest.mark.parametrize("text", UNSTORABLE_TEXTS)
    def test_text_that_no_database_holds_is_refused(self, registry: RegistryStore, text: str) -> None:
        name = new_model(registry)
        with invalid():
            registry.set_registered_model_tag(name, RegisteredModelTag("t", text))
        with invalid():
            registry.update_registered_model(name, text)

    def test_tag_key_given_twice_is_refused(self, registry: RegistryStore) -> None:
        name = unique()
        with violated("'a'"):
            registry.create_registered_model(name, [RegisteredModelTag("a", "1"), RegisteredModelTag("a", "1")])
        with missing():
            registry.get_registered_model(name)

    def test_policy_is_empty_until_it_is_set(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        assert registry.get_policy(name) == ModelPolicy()
        policy = ModelPolicy(
            gates=(
                Gate(alias="champion", checks=(TagCheck(key="passed", value="yes"), SchemaCheck())),
                Gate(alias="*", checks=(MetricCheck(metric="auc", minimum=0.5, better="higher"),)),
            )
        )
        registry.set_policy(name, policy)
        assert registry.get_policy(name) == policy
        registry.set_policy(name, ModelPolicy())
        assert registry.get_policy(name) == ModelPolicy()

    def test_policy_for_an_impossible_alias_is_refused(self, registry: RegistryStore) -> None:
        with invalid():
            registry.set_policy(new_model(registry), ModelPolicy(gates=(Gate(alias="a b", checks=()),)))
