"""Random but repeatable models and versions for the generated searches, some of them prompts."""

from __future__ import annotations

import random

from headrace.entities import (
    FileRecord,
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
    VersionManifest,
)
from headrace.query.records import PROMPT_TAG
from headrace.stores.registry import RegistryStore
from headrace.testing.stores.registry_making import manifest
from tests.conformance.generated import TEXTS, Pool, stored
from tests.conformance.herds import Herd, a_text, chosen

RUN_IDS = ["", "a", "A", "ab", "b"]
SOURCES = ["s3://a", "s3://A", "s3://a/b", "s3://é", "s3://%_"]
MANIFESTS = [VersionManifest(files={"MLmodel": FileRecord(size, "a" * 64)}) for size in range(3)]
MANIFESTS = [manifest(a=1), manifest(b=2)]
NAMES = [text for text in TEXTS if not set(text) & set("/:.'\"")]

MODEL_POOL = Pool(texts={"name": stored("name", 25)})
VERSION_POOL = Pool(
    texts={
        "name": stored("name", 35),
        "run_id": RUN_IDS,
        "source_path": SOURCES,
        "digest": [*(each.digest for each in MANIFESTS), "", "0" * 64],
    },
    numbers={"version_number": ["1", "2", "3", "0", "9223372036854775807"]},
)


def fill(store: RegistryStore, models: int = 30) -> None:
    chance = random.Random(11)
    for number in range(models):
        name = f"{chance.choice(NAMES)}{number % 5}{chance.choice(NAMES)}{number}"
        prompt = {PROMPT_TAG: chance.choice(["true", "true", "no"])} if chance.random() < 0.3 else {}
        tags = {key: a_text(chance) for key in chosen(chance)} | prompt
        store.create_registered_model(name, [RegisteredModelTag(*each) for each in tags.items()])
        for _ in range(chance.randrange(5)):
            tags = {key: a_text(chance) for key in chosen(chance)} | (prompt if chance.random() < 0.8 else {})
            store.create_model_version(
                name,
                chance.choice(SOURCES),
                chance.choice(RUN_IDS) or None,
                [ModelVersionTag(*each) for each in tags.items()],
                manifest=chance.choice([None, *MANIFESTS]),
            )
        if chance.random() < 0.2:
            store.update_registered_model(name, "touched")
    for number, model in enumerate(store.search_registered_models()):
        if number % 7 == 0:
            store.delete_registered_model(model.name)
        elif number % 5 == 0:
            store.rename_registered_model(model.name, f"{model.name} renamed")


def models_of(store: RegistryStore) -> Herd[RegisteredModel]:
    prompts = store.search_registered_models(f"tags.`{PROMPT_TAG}` = 'true'", 1000)
    return Herd([*store.search_registered_models(None, 1000), *prompts])


def versions_of(store: RegistryStore) -> Herd[ModelVersion]:
    return Herd(
        store.get_model_version(model.name, version.version)
        for model in models_of(store)
        for version in _all_of(store, model.name)
    )


def _all_of(store: RegistryStore, name: str) -> list[ModelVersion]:
    quote = '"' if "'" in name else "'"
    rule = f"name = {quote}{name}{quote}"
    return [
        *store.search_model_versions(rule),
        *store.search_model_versions(f"{rule} AND tags.`{PROMPT_TAG}` = 'true'"),
    ]
