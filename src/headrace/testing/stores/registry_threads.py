from __future__ import annotations

import threading

from headrace.stores.registry import RegistryStore
from headrace.testing.stores.making import unique
from headrace.testing.stores.registry_making import SOURCE, new_model, new_version
from headrace.testing.stores.threads import THREADS, errors, together


class RegistryThreadSuite:
    """Many callers at once. Fixture: `registry`."""

    def test_versions_have_no_gap_and_no_twin(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        made = together(lambda _: [new_version(registry, name) for _ in range(10)])
        assert errors(made) == []
        numbers = [int(each) for some in made if isinstance(some, list) for each in some]
        assert sorted(numbers) == list(range(1, 10 * THREADS + 1))
        assert registry.verify_history(name) == []
        told = [each.version for each in reversed(registry.search_history(name, kinds=["version_created"]))]
        assert told == [str(number) for number in range(1, 10 * THREADS + 1)]

    def test_one_create_of_a_name_wins(self, registry: RegistryStore) -> None:
        for _ in range(3):
            name = unique()
            results = together(lambda _, name=name: registry.create_registered_model(name))  # type: ignore[misc]
            assert {error.error_code for error in errors(results)} == {"RESOURCE_ALREADY_EXISTS"}
            assert len(errors(results)) == THREADS - 1

    def test_one_rename_to_a_name_wins(self, registry: RegistryStore) -> None:
        models, name = [new_model(registry) for _ in range(THREADS)], unique("wanted")
        results = together(lambda i: registry.rename_registered_model(models[i], name).name)
        assert {error.error_code for error in errors(results)} == {"RESOURCE_ALREADY_EXISTS"}
        assert len(errors(results)) == THREADS - 1
        left = [each for each in models if registry.search_registered_models(f"name = '{each}'")]
        assert len(left) == THREADS - 1

    def test_change_by_revision_is_made_by_one(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(THREADS):
            new_version(registry, name)
        revision = registry.get_registered_model(name).revision
        results = together(
            lambda i: registry.set_registered_model_alias(name, "prod", str(i + 1), if_revision=revision)
        )
        assert {error.error_code for error in errors(results)} == {"RESOURCE_CONFLICT"}
        assert len(errors(results)) == THREADS - 1
        assert len(registry.search_history(name, kinds=["alias_set"])) == 1

    def test_alias_moves_in_one_line(self, registry: RegistryStore) -> None:
        name = new_model(registry)
        for _ in range(THREADS):
            new_version(registry, name)

        def move(number: int) -> None:
            for _ in range(5):
                registry.set_registered_model_alias(name, "prod", str(number + 1))

        assert errors(together(move)) == []
        events = list(reversed(registry.search_history(name, key="prod")))
        assert [each.before for each in events] == [None, *(each.after for each in events[:-1])]
        assert registry.get_registered_model(name).aliases == {"prod": events[-1].after}
        assert registry.verify_history(name) == []

    def test_readers_see_whole_renames(self, registry: RegistryStore) -> None:
        names = sorted([new_model(registry), unique("renamed")])
        current = registry.search_registered_models(f"name IN ('{names[0]}', '{names[1]}')")[0].name
        for _ in range(3):
            new_version(registry, current)
        done = threading.Event()
        listed = f"name IN ('{names[0]}', '{names[1]}')"

        def read(number: int) -> None:
            if number == 0:
                here = current
                for _ in range(20):
                    there = names[1 - names.index(here)]
                    registry.rename_registered_model(here, there)
                    here = there
                done.set()
                return
            while not done.is_set():
                versions = registry.search_model_versions(listed)
                assert len(versions) == 3
                assert len({each.name for each in versions}) == 1
                (model,) = registry.search_registered_models(listed)
                assert [each.name for each in model.latest_versions] == [model.name]

        try:
            assert errors(together(read)) == []
        finally:
            done.set()

    def test_versions_are_made_while_the_model_is_renamed(self, registry: RegistryStore) -> None:
        name, other = new_model(registry), unique("renamed")

        def work(number: int) -> str | None:
            if number == 0:
                registry.rename_registered_model(name, other)
                return None
            return registry.create_model_version(name, SOURCE).version

        results = together(work)
        assert {error.error_code for error in errors(results)} <= {"RESOURCE_DOES_NOT_EXIST"}
        made = sorted(int(each) for each in results if isinstance(each, str))
        assert made == list(range(1, len(made) + 1))
        found = sorted(int(each.version) for each in registry.search_model_versions(f"name = '{other}'"))
        assert found == made
