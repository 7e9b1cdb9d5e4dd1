"""The form of a chain is kept in databases for ever: here it is made by other means."""

from __future__ import annotations

import hashlib
import json

import msgspec

from headrace.entities import RegistryEvent
from headrace.stores.registry_journal import alias_event_of_any, broken, chained, numbered, stage_events

FIRST = RegistryEvent(event_id=1, timestamp=1_700_000_000_000, kind="model_created", name="ключ 🜁", who="ann")
SECOND = RegistryEvent(
    event_id=2,
    timestamp=1_700_000_000_001,
    kind="alias_set",
    name="ключ 🜁",
    version="2",
    key="prod",
    before="1",
    after="2",
    digest="a" * 64,
    who="unverified:bob",
    comment='why: "quoted"\nnext line / \\ \x01 é',
)


def expected(previous: str, event: RegistryEvent) -> str:
    fields = ("timestamp", "kind", "name", "version", "key", "before", "after", "digest", "who", "comment")
    content = [previous, *(getattr(event, field) for field in fields)]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_chain_is_sha256_over_json_of_the_previous_one_and_the_entry() -> None:
    first = chained("", FIRST)
    assert first == expected("", FIRST)
    assert chained(first, SECOND) == expected(first, SECOND)


def test_id_and_own_chain_are_not_part_of_it() -> None:
    assert chained("", numbered(FIRST, 99, "f" * 64)) == chained("", FIRST)


def test_every_field_is_part_of_it() -> None:
    whole = chained("", SECOND)
    for field in ("name", "version", "key", "before", "after", "digest", "who", "comment", "kind"):
        assert chained("", msgspec.structs.replace(SECOND, **{field: "alias_removed"})) != whole
        if field in ("version", "before", "after", "digest"):
            assert chained("", msgspec.structs.replace(SECOND, **{field: None})) != whole
    assert chained("", msgspec.structs.replace(SECOND, timestamp=1)) != whole
    assert chained("0", SECOND) != whole


def journal(*entries: RegistryEvent) -> list[RegistryEvent]:
    made: list[RegistryEvent] = []
    for number, entry in enumerate(entries, 1):
        made.append(numbered(entry, number, chained(made[-1].chain if made else "", entry)))
    return made


def test_swapped_entries_show() -> None:
    one, two, three = journal(FIRST, SECOND, msgspec.structs.replace(SECOND, after="3"))
    assert broken([one, two, three], three.chain) == []
    assert broken([one, three, two], three.chain) == [three, two]


def test_empty_journal_has_no_broken_entry() -> None:
    assert broken([], "") == []


def of(kind: str, timestamp: int, **fields: str) -> RegistryEvent:
    return msgspec.convert(
        {"event_id": timestamp, "timestamp": timestamp, "kind": kind, "name": "m", **fields}, RegistryEvent
    )


def test_of_two_models_the_one_counts_that_had_the_name_then() -> None:
    other = [
        of("model_created", 1, name="other"),
        of("alias_set", 2, name="other", key="prod", after="7"),
    ]
    own = [of("model_created", 1), of("alias_set", 1, key="prod", after="1")]
    found = alias_event_of_any([other, own], "m", "prod")
    assert found is not None
    assert found.after == "1"


def test_version_that_never_moved_has_stage_none_since_it_was_made() -> None:
    made = [of("version_created", 1, version="1"), of("version_created", 2, version="2")]
    moved = [*made, of("stage_set", 3, version="1", after="Staging")]
    assert [each.version for each in stage_events(made, "None")] == ["2", "1"]
    assert [each.version for each in stage_events(moved, "None")] == ["2"]
    assert [each.event_id for each in stage_events(moved, "Staging")] == [3]
