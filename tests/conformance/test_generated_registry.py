"""Searches of models and versions against `evaluate` and `ordered`, by the plan that a store chooses and by each of
the plans that it has. The examples are the same in each run; HEADRACE_TEST_RANDOM=1 draws new ones."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.entities import ModelVersion, RegisteredModel
from headrace.query import (
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    SearchableModelVersion,
    SearchableRegisteredModel,
    asks_for_prompts,
    evaluate,
    is_prompt,
    ordered,
    parse_filter,
    parse_order,
)
from headrace.query.records import PROMPT_TAG
from headrace.stores.registry import RegistryStore
from headrace.stores.sql.registry import search
from tests.conformance.generated import filled, filters, orders
from tests.conformance.herds import Herd
from tests.conformance.registry_herds import MODEL_POOL, VERSION_POOL, fill, models_of, versions_of
from tests.conformance.searches import generated
from tests.conformance.stores import OPENERS

seven_times = settings(generated, max_examples=75)  # for each store and plan
PLANS = {"chosen": {}, "led by a filter": {"LEAD_COST": 0.0}, "led by the order": {"COUNTED": 0}}
ASKING = ["= 'true'", "!= 'false'", "!= 'true'", "LIKE 'f%'", "= 'x'"]
PROMPTS = st.sampled_from(["", "", "", *(f"tags.`{PROMPT_TAG}` {each}" for each in ASKING)])


def cases() -> Iterator[object]:
    yield pytest.param(("memory", "chosen"), id="memory")
    for plan in PLANS:
        yield pytest.param(("sqlite", plan), id=f"sqlite, {plan}")
        yield pytest.param(("postgres", plan), id=f"postgres, {plan}", marks=pytest.mark.postgres)


@pytest.fixture(scope="module", params=cases())
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryStore]:
    where, plan = request.param
    with OPENERS[where](request, tmp_path_factory.mktemp(where)) as opened, pytest.MonkeyPatch.context() as patch:
        assert isinstance(opened, RegistryStore)
        for name, value in PLANS[plan].items():
            patch.setattr(search, name, value)
        for each in models_of(opened):  # of another plan, on the same PostgreSQL
            opened.delete_registered_model(each.name)
        fill(opened)
        yield opened


@pytest.fixture(scope="module")
def models(registry: RegistryStore) -> Herd[RegisteredModel]:
    return models_of(registry)


@pytest.fixture(scope="module")
def versions(registry: RegistryStore) -> Herd[ModelVersion]:
    return versions_of(registry)


def both(rule: str, more: str) -> str:
    return " AND ".join(each for each in (rule, more) if each)


@seven_times
@given(
    rule=filters(REGISTERED_MODELS, MODEL_POOL),
    prompts=PROMPTS,
    order=orders(REGISTERED_MODELS),
    size=st.sampled_from([4, 1000]),
)
def test_model_search_agrees_with_evaluate(
    registry: RegistryStore, models: Herd[RegisteredModel], rule: str, prompts: str, order: list[str], size: int
) -> None:
    rule = both(filled(rule, models), prompts)
    parsed = parse_filter(rule, REGISTERED_MODELS)
    seen = [SearchableRegisteredModel(each) for each in models if is_prompt(each.tags) == asks_for_prompts(parsed)]
    expected = ordered([each for each in seen if evaluate(parsed, each)], parse_order(order, REGISTERED_MODELS))
    page = registry.search_registered_models(rule, size, order)
    found = list(page)
    while page.token:
        page = registry.search_registered_models(rule, size, order, page.token)
        found += page
    assert found == [each.model for each in expected]


@seven_times
@given(
    rule=filters(MODEL_VERSIONS, VERSION_POOL),
    prompts=PROMPTS,
    order=orders(MODEL_VERSIONS),
    size=st.sampled_from([4, 1000]),
)
def test_version_search_agrees_with_evaluate(
    registry: RegistryStore, versions: Herd[ModelVersion], rule: str, prompts: str, order: list[str], size: int
) -> None:
    rule = both(filled(rule, versions), prompts)
    parsed = parse_filter(rule, MODEL_VERSIONS)
    seen = [SearchableModelVersion(each) for each in versions if is_prompt(each.tags) == asks_for_prompts(parsed)]
    expected = ordered([each for each in seen if evaluate(parsed, each)], parse_order(order, MODEL_VERSIONS))
    page = registry.search_model_versions(rule, size, order)
    found = list(page)
    while page.token:
        page = registry.search_model_versions(rule, size, order, page.token)
        found += page
    assert found == [msgspec.structs.replace(each.version, aliases=[]) for each in expected]
