from __future__ import annotations

import pytest

from headrace.entities import ModelVersionTag, RegisteredModelTag
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import invalid, unique
from headrace.testing.stores.registry_making import (
    PROMPT_SOURCE,
    PROMPT_TAG,
    a_later_moment,
    model_tags,
    new_model,
    new_version,
    version_tags,
)


class RegistrySearchSuite:
    """Searches of models and versions. Each test looks only at models whose names start as its own. Fixture:
    `registry`."""

    def test_models_are_found_by_name_and_tags(self, registry: RegistryStore) -> None:
        stem = unique("find")
        new_model(registry, name=f"{stem}-a", tags=model_tags(team="x", kind="tree"))
        new_model(registry, name=f"{stem}-B", tags=model_tags(team="X"))
        new_model(registry, name=f"{stem}-c", tags=model_tags(team="x", kind="net"))

        def found(rule: str) -> list[str]:
            rule = f"name LIKE '{stem}%' {rule}"
            return [each.name.removeprefix(f"{stem}-") for each in registry.search_registered_models(rule)]

        assert found("") == ["B", "a", "c"]
        assert found("AND tags.team = 'x'") == ["a", "c"]
        assert found("AND tags.team != 'x'") == ["B"]
        assert found("AND tag.team ILIKE 'X'") == ["B", "a", "c"]
        assert found("AND tags.team = 'x' AND tags.kind LIKE 'n%'") == ["c"]
        assert found("AND tags.kind LIKE '%e%' AND tags.kind != 'net'") == ["a"]
        assert found("AND tags.none != 'x'") == []
        assert found(f"AND name IN ('{stem}-a', '{stem}-c', 'other')") == ["a", "c"]
        assert found(f"AND name NOT IN ('{stem}-a')") == ["B", "c"]
        assert found(f"AND name = '{stem}-b'") == []
        assert found(f"AND name ILIKE '{stem.upper()}-b'") == ["B"]
        assert found(f"AND attribute.name != '{stem}-a'") == ["B", "c"]

    def test_found_model_is_the_one_that_get_returns(self, registry: RegistryStore) -> None:
        name = new_model(registry, tags=model_tags(a="1", b="2"), description="text")
        for stage in ("None", "Staging", "None"):
            version = new_version(registry, name, tags=version_tags(s=stage))
            registry.transition_model_version_stage(name, version, stage)
        registry.set_registered_model_alias(name, "one", "1")
        (found,) = registry.search_registered_models(f"name = '{name}'")
        assert found == registry.get_registered_model(name)
        assert sorted(each.version for each in found.latest_versions) == ["2", "3"]

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([], "abc"),
            (["name DESC"], "cba"),
            (["timestamp"], "bca"),
            (["last_updated_timestamp DESC"], "acb"),
            (["last_updated_timestamp DESC", "name"], "acb"),
        ],
    )
    def test_models_are_ordered(self, registry: RegistryStore, order: list[str], expected: str) -> None:
        stem = unique("order")
        for letter in "bca":
            new_model(registry, name=f"{stem}-{letter}")
            a_later_moment()
        found = registry.search_registered_models(f"name LIKE '{stem}%'", order_by=order)
        assert "".join(each.name[-1] for each in found) == expected

    def test_pages_of_models_hold_each_once(self, registry: RegistryStore) -> None:
        stem = unique("page")
        names = [f"{stem}-{number:02}" for number in range(23)]
        for name in names:
            new_model(registry, name=name)
        for order, expected in (([], names), (["name DESC"], names[::-1]), (["timestamp DESC"], None)):
            found, token = [], None
            while True:
                page = registry.search_registered_models(f"name LIKE '{stem}%'", 5, order, token)
                assert len(page) <= 5
                found += [each.name for each in page]
                token = page.token
                if token is None:
                    break
            assert sorted(found) == names
            assert expected is None or found == expected

    def test_full_last_page_has_no_token(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(4):
            new_version(registry, name)
        assert registry.search_registered_models(f"name = '{name}'", 1).token is None
        assert registry.search_model_versions(f"name = '{name}'", 4).token is None
        assert registry.search_model_versions(f"name = '{name}'", 3).token is not None

    def test_token_of_another_search_is_refused(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(3):
            new_version(registry, name)
        token = registry.search_model_versions(f"name = '{name}'", 1).token
        with invalid():
            registry.search_model_versions(f"name != '{name}'", 1, page_token=token)
        with invalid():
            registry.search_model_versions(f"name = '{name}'", 1, ["name"], token)
        with invalid():
            registry.search_registered_models(f"name = '{name}'", 1, page_token=token)
        with invalid():
            registry.search_registered_models(None, 100, (), "garbage")

    def test_versions_are_found(self, registry: RegistryStore) -> None:
        one, two = sorted([new_model(registry), new_model(registry)])
        run = unique("run")
        new_version(registry, one, "s3://a/x", run_id=run, tags=version_tags(t="1"))
        new_version(registry, one, "s3://b/y", tags=version_tags(t="2", u="1"))
        new_version(registry, two, "s3://a/z", run_id=run, tags=version_tags(t="1"))

        def found(rule: str) -> list[str]:
            rule = f"name IN ('{one}', '{two}') {rule}"
            versions = registry.search_model_versions(rule, order_by=["name", "version_number"])
            return [f"{'one' if each.name == one else 'two'}{each.version}" for each in versions]

        assert found("") == ["one1", "one2", "two1"]
        assert found(f"AND run_id = '{run}'") == ["one1", "two1"]
        assert found(f"AND run_id IN ('{run}', 'x') AND version_number >= '1'") == ["one1", "two1"]
        assert found("AND run_id = ''") == ["one2"]
        assert found(f"AND run_id != '{run}'") == ["one2"]
        assert found("AND source_path LIKE 's3://a/%'") == ["one1", "two1"]
        assert found("AND source_path = 's3://b/y'") == ["one2"]
        assert found("AND version_number > 1") == ["one2"]
        assert found("AND version_number != 1") == ["one2"]
        assert found("AND tags.t = '1'") == ["one1", "two1"]
        assert found("AND tags.t = '2' AND tags.u = '1'") == ["one2"]
        assert found("AND tags.u != '2'") == ["one2"]
        assert found(f"AND name LIKE '{one}'") == ["one1", "one2"]

    def test_found_version_is_the_one_that_get_returns(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name, run_id="r", tags=version_tags(a="1"), description="d", run_link="l")
        (found,) = registry.search_model_versions(f"name = '{name}'")
        assert found == registry.get_model_version(name, "1")

    def test_versions_come_by_last_update_then_name_then_number(self, registry: RegistryStore) -> None:
        stem = unique("newest")
        for letter in "ab":
            new_model(registry, name=f"{stem}-{letter}")
        for letter in "abab":
            new_version(registry, f"{stem}-{letter}")
            a_later_moment()
        registry.update_model_version(f"{stem}-a", "1", "touched")

        def found(*order: str) -> list[str]:
            versions = registry.search_model_versions(f"name LIKE '{stem}%'", order_by=order)
            return [f"{each.name[-1]}{each.version}" for each in versions]

        assert found() == ["a1", "b2", "a2", "b1"]
        assert found("last_updated_timestamp ASC") == ["b1", "a2", "b2", "a1"]
        assert found("creation_timestamp DESC") == ["b2", "a2", "b1", "a1"]
        assert found("name") == ["a2", "a1", "b2", "b1"]
        assert found("name DESC", "version_number ASC") == ["b1", "b2", "a1", "a2"]
        assert found("version_number") == ["a1", "b1", "a2", "b2"]

    def test_pages_of_versions_hold_each_once(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(17):
            new_version(registry, name, tags=version_tags(t="1"))
        for order in ([], ["version_number ASC"], ["name DESC"], ["creation_timestamp ASC"]):
            found, token = [], None
            while True:
                page = registry.search_model_versions(f"name = '{name}' AND tags.t = '1'", 5, order, token)
                found += [int(each.version) for each in page]
                token = page.token
                if token is None:
                    break
            assert sorted(found) == list(range(1, 18))
            assert found == sorted(found, reverse=order != ["version_number ASC"]) or order == [
                "creation_timestamp ASC"
            ]

    def test_prompts_are_found_only_when_asked_for(self, registry: RegistryStore) -> None:
        stem = unique("prompt")
        new_model(registry, name=f"{stem}-model")
        new_model(registry, name=f"{stem}-prompt", tags=[RegisteredModelTag(PROMPT_TAG, "true")])
        new_model(registry, name=f"{stem}-odd", tags=[RegisteredModelTag(PROMPT_TAG, "no")])
        new_version(registry, f"{stem}-model")
        new_version(registry, f"{stem}-prompt", PROMPT_SOURCE, tags=[ModelVersionTag(PROMPT_TAG, "true")])
        for rule, expected in (
            ("", ["model", "odd"]),
            (f"AND tags.`{PROMPT_TAG}` = 'true'", ["prompt"]),
            (f"AND tags.`{PROMPT_TAG}` != 'false'", ["prompt"]),
            (f"AND tags.`{PROMPT_TAG}` = 'false'", ["model", "odd"]),
            (f"AND tags.`{PROMPT_TAG}` != 'true'", ["model", "odd"]),
        ):
            found = registry.search_registered_models(f"name LIKE '{stem}%' {rule}")
            assert [each.name.removeprefix(f"{stem}-") for each in found] == expected
            versions = registry.search_model_versions(f"name LIKE '{stem}%' {rule}")
            assert [each.name.removeprefix(f"{stem}-") for each in versions] == expected[:1]

    def test_model_becomes_a_prompt_by_its_tag(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        new_version(registry, name)
        asking = f"name = '{name}' AND tags.`{PROMPT_TAG}` = 'true'"
        registry.set_registered_model_tag(name, RegisteredModelTag(PROMPT_TAG, "true"))
        registry.set_model_version_tag(name, "1", ModelVersionTag(PROMPT_TAG, "true"))
        assert len(registry.search_registered_models(asking)) == len(registry.search_model_versions(asking)) == 1
        assert registry.search_registered_models(f"name = '{name}'") == []
        registry.delete_registered_model_tag(name, PROMPT_TAG)
        registry.delete_model_version_tag(name, "1", PROMPT_TAG)
        assert registry.search_registered_models(asking) == []
        assert registry.search_model_versions(asking) == []
        assert len(registry.search_model_versions(f"name = '{name}'")) == 1

    @pytest.mark.parametrize(
        "rule",
        [
            "description = 'x'",
            "creation_timestamp > 1",
            "timestamp = 1",
            "tags.a IN ('x')",
            "tags.a IS NULL",
            "aliases = 'x'",
            "name > 'a'",
            "name = a",
            "name = 'a' OR name = 'b'",
            " ",
        ],
    )
    def test_what_models_have_not_is_refused(self, registry: RegistryStore, rule: str) -> None:
        with invalid():
            registry.search_registered_models(rule)

    @pytest.mark.parametrize(
        "rule",
        [
            "version = 1",
            "current_stage = 'None'",
            "version_number = 1.5",
            "version_number LIKE '1'",
            "status = 'READY'",
        ],
    )
    def test_what_versions_have_not_is_refused(self, registry: RegistryStore, rule: str) -> None:
        with invalid():
            registry.search_model_versions(rule)

    def test_bad_order_and_page_size_are_refused(self, registry: RegistryStore) -> None:
        for order in (["creation_timestamp"], ["name", "name"], ["timestamp", "last_updated_timestamp"], ["name UP"]):
            with invalid():
                registry.search_registered_models(order_by=order)
        for order in (["run_id"], ["version"], ["tags.a"]):
            with invalid():
                registry.search_model_versions(order_by=order)
        for size in (0, -1, 1_001):
            with invalid():
                registry.search_registered_models(max_results=size)
        for size in (0, 200_001):
            with invalid():
                registry.search_model_versions(max_results=size)

    @pytest.mark.parametrize("text", ["%", "_", "*", "[a]", "?", "é", "\U0010ffff", "\ud7ff", "'"])
    def test_odd_characters_in_names_and_values(self, registry: RegistryStore, text: str) -> None:
        name = f"{unique()}{text}"
        quote = '"' if "'" in text else "'"
        new_model(registry, name=name, tags=[RegisteredModelTag("t", text * 200)])
        new_model(registry, name=name.replace(text, "x"), tags=[RegisteredModelTag("t", text * 199 + "x")])
        for rule in (
            f"name = {quote}{name}{quote}",
            f"tags.t = {quote}{text * 200}{quote} AND name LIKE {quote}{name[:-1]}%{quote}",
        ):
            assert [each.name for each in registry.search_registered_models(rule)] == [name]

    @pytest.mark.parametrize("length", [127, 128, 129, 5_000])
    def test_values_may_differ_only_at_their_end(self, registry: RegistryStore, length: int) -> None:
        stem = unique().ljust(length - 1, "é")
        one, two = (new_model(registry, tags=model_tags(t=f"{stem}{end}")) for end in "12")
        new_version(registry, one, tags=version_tags(t=f"{stem}1"))
        new_version(registry, two, tags=version_tags(t=f"{stem}2"))
        for name, end in ((one, "1"), (two, "2")):
            assert [each.name for each in registry.search_registered_models(f"tags.t = '{stem}{end}'")] == [name]
            assert [each.name for each in registry.search_model_versions(f"tags.t = '{stem}{end}'")] == [name]
        assert registry.search_model_versions(f"tags.t = '{stem}'") == []
