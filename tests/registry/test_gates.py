from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest

from headrace import clock
from headrace.entities import (
    Check,
    Gate,
    Metric,
    MetricCheck,
    ModelPolicy,
    ModelVersion,
    ModelVersionTag,
    RegisteredModelTag,
    SchemaCheck,
    SignedCheck,
    TagCheck,
)
from headrace.errors import Conflict, GateRefused, InvalidValue, NotFound, StoreUnavailable, Unsigned
from headrace.packaging.schema import ColSpec, Schema
from headrace.registry import policy as policies
from headrace.registry.guarded import ATTEMPTS
from headrace.stores.sql import SqlStore
from tests.registry.workshop import FILES, Workshop, mlmodel

KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbQRX+jWgmW1QlFOrY4F4BDV+Qn+R
MPq7DPKSSMzKuKN/8S+zfEPQcLzemgdvI0QoKKxrS/2uPdLOcezrR3ncDA==
-----END PUBLIC KEY-----
"""
ED25519 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""


def guard(workshop: Workshop, *checks: Check, alias: str = "champion", **more: Any) -> None:
    workshop.registry.set_policy("m", ModelPolicy(gates=(Gate(alias=alias, checks=checks),) if checks else (), **more))


def holder_of(workshop: Workshop, alias: str = "champion") -> str | None:
    return workshop.store.get_registered_model("m").aliases.get(alias)


def promote(workshop: Workshop, version: ModelVersion, alias: str = "champion") -> None:
    workshop.registry.set_registered_model_alias("m", alias, version.version)


def refusal(workshop: Workshop, version: ModelVersion, alias: str = "champion") -> str:
    before = holder_of(workshop, alias)
    with pytest.raises(GateRefused) as refused:
        promote(workshop, version, alias)
    assert holder_of(workshop, alias) == before
    assert (refused.value.http, refused.value.error_code) == (409, "RESOURCE_CONFLICT")
    return refused.value.message


class TestMetrics:
    @pytest.mark.parametrize(
        ("value", "passes"), [(0.8, True), (0.79999, False), (0.9, True), (0.90001, False), (math.nan, False)]
    )
    def test_bounds_are_included(self, workshop: Workshop, value: float, passes: bool) -> None:
        version = workshop.version(metrics={"auc": value})
        guard(workshop, MetricCheck(metric="auc", minimum=0.8, maximum=0.9))
        if passes:
            promote(workshop, version)
        else:
            assert f"metric auc: {value:.10g} (of its run)" in refusal(workshop, version)

    @pytest.mark.parametrize(
        ("better", "held", "margin", "value", "passes"),
        [
            ("higher", 0.8, 0.0, 0.8, True),
            ("higher", 0.8, 0.01, 0.8, False),
            ("higher", 0.1, 0.2, 0.3, True),  # though 0.1 + 0.2 > 0.3
            ("lower", 0.5, 0.0, 0.5, True),
            ("lower", 0.5, 0.1, 0.41, False),
            ("lower", 0.5, 0.1, 0.4, True),
            ("lower", math.nan, 0.1, 7.0, True),  # the holder has no number to be beaten
        ],
    )
    def test_against_the_holder(
        self,
        workshop: Workshop,
        better: Literal["higher", "lower"],
        held: float,
        margin: float,
        value: float,
        passes: bool,
    ) -> None:
        promote(workshop, workshop.version(metrics={"loss": held}))
        guard(workshop, MetricCheck(metric="loss", better=better, margin=margin))
        version = workshop.version(metrics={"loss": value})
        if passes:
            promote(workshop, version)
            assert holder_of(workshop) == "2"
        else:
            assert "as version 1 has" in refusal(workshop, version)

    def test_first_holder_only_has_to_have_the_metric(self, workshop: Workshop) -> None:
        without, version = workshop.version(), workshop.version(metrics={"loss": 7.0})
        guard(workshop, MetricCheck(metric="loss", better="lower"))
        assert "its logged model and its run have no such metric. Needed: any number" in refusal(workshop, without)
        promote(workshop, version)
        promote(workshop, version)  # it needn't beat itself

    def test_of_the_logged_model_before_that_of_the_run(self, workshop: Workshop) -> None:
        version = workshop.version(metrics={"auc": 0.1})
        assert version.run_id
        now = clock.now_ms()
        for value, at, data in ((0.95, now + 1, "late"), (0.2, now, "early")):
            point = Metric("auc", value, at, model_id=version.model_id, dataset_name=data, dataset_digest=data)
            workshop.store.log_metric(version.run_id, point)
        guard(workshop, MetricCheck(metric="auc", minimum=0.9))
        (result,) = workshop.registry.check_gates("m", "champion", version.version)
        assert result.passed
        assert result.found == "0.95 (of its logged model)"

    def test_version_from_nowhere(self, workshop: Workshop) -> None:
        workshop.model()
        version = workshop.registry.create_model_version("m", "s3://bucket/model")
        guard(workshop, MetricCheck(metric="auc", minimum=0.9))
        assert "neither run nor logged model" in refusal(workshop, version)
        orphan = workshop.registry.create_model_version("m", "s3://bucket/model", run_id="0" * 32)
        assert "its run has no such metric" in refusal(workshop, orphan)

    def test_tracking_store_that_does_not_answer(self, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
        version = workshop.version(metrics={"auc": 1.0})
        guard(workshop, MetricCheck(metric="auc", minimum=0.9))

        def down(*_: object) -> None:
            raise StoreUnavailable("The tracking store is down.")

        monkeypatch.setattr(workshop.store, "get_logged_model", down)
        with pytest.raises(StoreUnavailable):
            promote(workshop, version)
        assert holder_of(workshop) is None


class TestSchema:
    OLD = Schema([ColSpec("long", "age"), ColSpec("string", "name")])
    NARROW = Schema([ColSpec("integer", "age"), ColSpec("string", "name"), ColSpec("string", "city")])
    WIDE = Schema([ColSpec("long", "age"), ColSpec("string", "name"), ColSpec("string", "city", required=False)])

    def test_says_which_columns_break(self, workshop: Workshop) -> None:
        promote(workshop, workshop.version(schema=self.OLD))
        guard(workshop, SchemaCheck())
        said = refusal(workshop, workshop.version(schema=self.NARROW))
        assert "column 'age' has the type integer instead of long" in said
        assert "column 'city' (string) is required and wasn't there" in said
        assert ". Needed: to take all that version 1 takes as input" in said
        promote(workshop, workshop.version(schema=self.WIDE))

    def test_first_holder_needs_a_signature(self, workshop: Workshop) -> None:
        without, version = workshop.version(), workshop.version(schema=self.OLD)
        guard(workshop, SchemaCheck())
        assert "no signature of its inputs" in refusal(workshop, without)
        promote(workshop, version)

    def test_holder_without_signature_is_told(self, workshop: Workshop) -> None:
        promote(workshop, workshop.version())
        guard(workshop, SchemaCheck())
        assert "of version 1, the model has no signature" in refusal(workshop, workshop.version(schema=self.OLD))

    def test_mlmodel_that_changed_is_not_believed(self, workshop: Workshop) -> None:
        version = workshop.version(schema=self.NARROW)
        guard(workshop, SchemaCheck())
        location = workshop.registry.get_model_version_download_uri("m", "1")
        (workshop.place(location) / "MLmodel").write_bytes(mlmodel(self.OLD))
        assert "its MLmodel has changed since it was registered" in refusal(workshop, version)
        (workshop.place(location) / "MLmodel").unlink()
        assert "its MLmodel can't be read" in refusal(workshop, version)

    def test_garbage_and_places_that_are_not_read(self, workshop: Workshop) -> None:
        garbage = workshop.version(files={**FILES, "MLmodel": b"\xff: ["})
        guard(workshop, SchemaCheck())
        assert "can't be read" in refusal(workshop, garbage)
        elsewhere = workshop.registry.create_model_version("m", "s3://bucket/model")
        assert "can't be read" in refusal(workshop, elsewhere)


def test_tags(workshop: Workshop) -> None:
    version = workshop.version()
    guard(workshop, TagCheck(key="evaluation", value="passed"))
    assert "tag evaluation: the version has no such tag. Needed: 'passed'" in refusal(workshop, version)
    workshop.registry.set_model_version_tag("m", "1", ModelVersionTag("evaluation", "failed"))
    assert "tag evaluation: 'failed'. Needed: 'passed'" in refusal(workshop, version)
    workshop.registry.set_model_version_tag("m", "1", ModelVersionTag("evaluation", "passed"))
    promote(workshop, version)


def test_refusal_names_every_check_that_failed(workshop: Workshop) -> None:
    version = workshop.version(metrics={"auc": 0.7})
    guard(
        workshop,
        MetricCheck(metric="auc", minimum=0.8),
        MetricCheck(metric="auc", maximum=0.9),
        TagCheck(key="reviewed", value="yes"),
        SchemaCheck(),
    )
    lines = refusal(workshop, version).splitlines()
    assert lines[0] == "Version 1 of model 'm' can't take alias 'champion'; 3 of 4 checks failed:"
    assert lines[1] == "  metric auc: 0.7 (of its run). Needed: at least 0.8"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["metric auc", "tag reviewed", "schema"]


def test_gate_guards_its_alias_only(workshop: Workshop) -> None:
    version = workshop.version()
    guard(workshop, TagCheck(key="reviewed", value="yes"))
    promote(workshop, version, "challenger")
    guard(workshop, TagCheck(key="reviewed", value="yes"), alias="*")
    refusal(workshop, version, "another")
    assert workshop.registry.check_gates("m", "another", "1")[0].gate == "*"
    workshop.registry.delete_registered_model_alias("m", "challenger")


@pytest.mark.parametrize("gate", ["Production", "production", "*"])
def test_stages_count_as_aliases(workshop: Workshop, gate: str) -> None:
    move = workshop.registry.transition_model_version_stage
    workshop.version(metrics={"auc": 0.7})
    move("m", "1", "Production")
    workshop.version(metrics={"auc": 0.6})
    guard(workshop, MetricCheck(metric="auc", better="higher"), alias=gate)
    with pytest.raises(GateRefused, match="can't take stage Production"):
        move("m", "2", "production", True)
    assert workshop.registry.check_gates("m", "Production", "2", stage=True)[0].passed is False
    move("m", "2", "Archived")
    move("m", "2", "None")
    workshop.version(metrics={"auc": 0.8})
    assert move("m", "3", "PRODUCTION", True).current_stage == "Production"
    assert workshop.registry.get_model_version("m", "1").current_stage == "Archived"


def test_what_changes_while_checks_are_made_is_looked_at_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = workshop.version()
    workshop.registry.set_model_version_tag("m", "1", ModelVersionTag("reviewed", "yes"))
    guard(workshop, TagCheck(key="reviewed", value="yes"))
    set_alias = workshop.store.set_registered_model_alias

    def just_before(*args: Any, **kwargs: Any) -> None:
        monkeypatch.setattr(workshop.store, "set_registered_model_alias", set_alias)
        workshop.store.set_model_version_tag("m", "1", ModelVersionTag("reviewed", "no"))
        set_alias(*args, **kwargs)

    monkeypatch.setattr(workshop.store, "set_registered_model_alias", just_before)
    refusal(workshop, version)


def test_model_that_never_stands_still(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    version = workshop.version()
    set_alias = workshop.store.set_registered_model_alias
    tries: list[int] = []

    def always_before(*args: Any, **kwargs: Any) -> None:
        tries.append(1)
        workshop.store.set_registered_model_tag("m", RegisteredModelTag("n", str(len(tries))))
        set_alias(*args, **kwargs)

    monkeypatch.setattr(workshop.store, "set_registered_model_alias", always_before)
    with pytest.raises(Conflict):
        promote(workshop, version)
    assert len(tries) == ATTEMPTS


def test_revision_of_the_caller_is_not_tried_again(workshop: Workshop) -> None:
    workshop.version()
    revision = workshop.store.get_registered_model("m").revision
    workshop.registry.set_registered_model_tag("m", RegisteredModelTag("a", "b"))
    with pytest.raises(Conflict):
        workshop.registry.set_registered_model_alias("m", "champion", "1", if_revision=revision)


def test_of_many_at_once_the_best_stays(workshop: Workshop) -> None:
    versions = [workshop.version(metrics={"auc": value / 10}) for value in range(6)]
    guard(workshop, MetricCheck(metric="auc", better="higher", margin=0.05))
    refused: list[str] = []

    def contend(version: ModelVersion) -> None:
        for _ in range(20):
            try:
                promote(workshop, version)
                return
            except Conflict:
                continue
            except GateRefused:
                refused.append(version.version)
                return

    threads = [threading.Thread(target=contend, args=[version]) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert holder_of(workshop) == "6"
    moves = [event.after for event in workshop.registry.search_history("m", kinds=["alias_set"])]
    assert moves == sorted(moves, reverse=True)  # newest first: never to a worse one
    assert len(moves) + len(refused) == 6


def test_dry_run_moves_nothing(workshop: Workshop) -> None:
    workshop.version(metrics={"auc": 0.85})
    assert workshop.registry.check_gates("m", "champion", "1") == []
    guard(workshop, MetricCheck(metric="auc", minimum=0.8), TagCheck(key="a", value="b"))
    assert [result.passed for result in workshop.registry.check_gates("m", "champion", "1")] == [True, False]
    assert holder_of(workshop) is None
    with pytest.raises(NotFound):
        workshop.registry.check_gates("m", "champion", "7")


def test_unsigned_versions_take_no_alias_and_load_or_not(workshop: Workshop) -> None:
    version = workshop.version()
    policies.check_load(workshop.registry, version)
    guard(workshop, unsigned="no_alias", keys=(KEY,))
    assert "signed: nobody signed it. Needed: a signature by one of the policy's keys" in refusal(workshop, version)
    policies.check_load(workshop.registry, version)
    guard(workshop, unsigned="no_load", keys=(KEY,))
    refusal(workshop, version)
    with pytest.raises(Unsigned, match=r"doesn't load.*nobody signed it"):
        policies.check_load(workshop.registry, version)
    elsewhere = workshop.registry.create_model_version("m", "s3://bucket/model")
    with pytest.raises(Unsigned, match="no manifest that could be signed"):
        policies.check_load(workshop.registry, elsewhere)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MetricCheck(metric="auc"), "needs a minimum, a maximum, or better"),
        (lambda: MetricCheck(metric="auc", minimum=2, maximum=1), "above the maximum"),
        (lambda: MetricCheck(metric="auc", minimum=math.nan), "a number"),
        (lambda: MetricCheck(metric="auc", better="higher", margin=-1), "0 or more"),
        (lambda: MetricCheck(metric="auc", minimum=1, margin=1), "with better"),
        (lambda: MetricCheck(metric="../auc", minimum=1), "names may not be resolved"),
        (lambda: TagCheck(key="", value=""), "a tag has a name"),
        (SignedCheck, "names the keys"),
    ],
)
def test_policy_that_says_nothing_or_nonsense_is_refused(
    workshop: Workshop, make: Callable[[], Check], said: str
) -> None:
    workshop.model()
    with pytest.raises(InvalidValue, match=said):
        guard(workshop, make())


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (ModelPolicy(unsigned="no_alias"), "names the keys"),
        (ModelPolicy(keys=("abc",)), "PEM text"),
        (ModelPolicy(keys=(KEY.replace("M", "Q"),)), "can't be read as a public key"),
        (ModelPolicy(keys=(ED25519,)), "elliptic curve keys only"),
        (ModelPolicy(keys=(KEY.replace("PUBLIC KEY", "CERTIFICATE"),)), "can't be read as a certificate"),
        (ModelPolicy(keys=("-----BEGIN PRIVATE KEY-----\n",)), "private one"),
        (ModelPolicy(gates=(Gate(alias="a b", checks=(SchemaCheck(),)),)), "letters, digits"),
        (ModelPolicy(gates=(Gate(alias="a", checks=()),)), "guards nothing"),
        (ModelPolicy(gates=(Gate(alias="a", checks=(SchemaCheck(),)),) * 2), "one gate"),
        (ModelPolicy(keys=(KEY,) * 101), "at most 100"),
    ],
)
def test_policy_that_nobody_could_follow_is_refused(workshop: Workshop, policy: ModelPolicy, said: str) -> None:
    workshop.model()
    with pytest.raises(InvalidValue, match=said):
        workshop.registry.set_policy("m", policy)
    assert workshop.registry.get_policy("m") == ModelPolicy()


DOCUMENT: Mapping[str, Any] = {
    "unsigned": "no_alias",
    "keys": [KEY],
    "gates": [
        {
            "alias": "champion",
            "checks": [
                {"check": "metric", "metric": "auc", "minimum": 1, "better": "higher", "margin": 0.5},
                {"check": "schema"},
                {"check": "signed"},
                {"check": "tag", "key": "reviewed", "value": "yes"},
            ],
        }
    ],
}


def test_policy_as_a_document() -> None:
    read = policies.from_document(DOCUMENT)
    assert read.gates[0].checks[0] == MetricCheck(metric="auc", minimum=1.0, better="higher", margin=0.5)
    assert policies.to_document(read) == DOCUMENT
    assert policies.from_document(None) == policies.from_document({}) == ModelPolicy()
    assert policies.to_document(ModelPolicy()) == {}
    assert policies.from_document({"keys": ["signer.pem"]}, {"signer.pem": KEY}.__getitem__).keys == (KEY,)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "an object"),
        ({"gate": []}, "its keys are gates, unsigned, keys"),
        ({"unsigned": "never"}, "never"),
        ({"gates": [{"alias": "a", "checks": [{"check": "metric", "metric": "a", "minimun": 1}]}]}, "minimun"),
        ({"gates": [{"alias": "a", "checks": [{"check": "colour"}]}]}, "one of metric, schema, signed, tag"),
        ({"gates": [{"alias": "a", "checks": [{"check": "metric", "metric": "a", "minimum": "1"}]}]}, "float"),
        ({"gates": [{"name": "a", "checks": []}]}, "name"),
        ({"gates": "all"}, "array"),
        ({"gates": [1]}, "object"),
    ],
)
def test_document_that_is_no_policy(document: object, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        policies.from_document(document)


def test_store_without_a_guard_asks_nobody(workshop: Workshop, store: SqlStore) -> None:
    """What the tests above see is the guard's doing."""
    workshop.version()
    guard(workshop, TagCheck(key="a", value="b"))
    store.set_registered_model_alias("m", "champion", "1")
    assert holder_of(workshop) == "1"
