"""The journal of a registered model: its chain, and what was so at some time. The rules all registry stores share.

Entries of a model are in the order of its commits, and their times never go back, but for an imported part. An alias
or a stage ends with its model, with its version, and at an "imported" entry: what was imported is history only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from headrace.entities import EventKind, ModelVersionStage, RegistryEvent

ALIAS_KINDS: tuple[EventKind, ...] = ("alias_set", "alias_removed")
END_KINDS: tuple[EventKind, ...] = ("model_deleted", "imported")
NAME_KINDS: tuple[EventKind, ...] = ("model_created", "model_renamed")
STAGE_KINDS: tuple[EventKind, ...] = ("version_created", "version_deleted", "stage_set")

_encode = msgspec.json.Encoder().encode


def chained(previous: str, event: RegistryEvent) -> str:
    """SHA-256 (hex) over the previous chain ("" for the first entry) and all of the entry but its id."""
    content = (
        previous,
        event.timestamp,
        event.kind,
        event.name,
        event.version,
        event.key,
        event.before,
        event.after,
        event.digest,
        event.who,
        event.comment,
    )
    return hashlib.sha256(_encode(content)).hexdigest()


def numbered(event: RegistryEvent, event_id: int, chain: str) -> RegistryEvent:
    return msgspec.structs.replace(event, event_id=event_id, chain=chain)


def broken(events: Iterable[RegistryEvent], last_chain: str) -> list[RegistryEvent]:
    """Entries of one model, in order, that don't follow from the one before; the last one where `last_chain` tells of
    more."""
    wrong: list[RegistryEvent] = []
    previous, last = "", None
    for event in events:
        if event.chain != chained(previous, event):
            wrong.append(event)
        previous, last = event.chain, event
    if last is not None and previous != last_chain and (not wrong or wrong[-1] is not last):
        wrong.append(last)
    return wrong


def name_after(event: RegistryEvent) -> str:
    """The model's name once the entry was made."""
    return event.after or "" if event.kind == "model_renamed" else event.name


def alias_event(events: Sequence[RegistryEvent], alias: str) -> RegistryEvent | None:
    """events: of one model, in order, up to the time that is asked for."""
    for event in reversed(events):
        if event.kind in END_KINDS:
            return None
        if event.kind in ALIAS_KINDS and event.key == alias:
            return event if event.kind == "alias_set" else None
    return None


def alias_event_of_any(journals: Iterable[Sequence[RegistryEvent]], name: str, alias: str) -> RegistryEvent | None:
    """Of several models that a name may stand for: of the one that had the name then, else of the newest."""
    found = [(events, event) for events in journals if (event := alias_event(events, alias)) is not None]
    return max(found, key=lambda pair: _rank(pair[0], name))[1] if found else None


def stage_events_of_any(journals: Iterable[Sequence[RegistryEvent]], name: str, stage: str) -> list[RegistryEvent]:
    found = [(events, held) for events in journals if (held := stage_events(events, stage))]
    return max(found, key=lambda pair: _rank(pair[0], name))[1] if found else []


def _rank(events: Sequence[RegistryEvent], name: str) -> tuple[bool, int]:
    return name_after(events[-1]) == name, events[-1].event_id


def stage_events(events: Iterable[RegistryEvent], stage: str) -> list[RegistryEvent]:
    """Newest first. events: as for `alias_event`."""
    holding: dict[str | None, RegistryEvent] = {}
    for event in events:
        if event.kind in END_KINDS:
            holding.clear()
        elif event.kind == "version_deleted" or (event.kind == "stage_set" and event.after != stage):
            holding.pop(event.version, None)
        elif event.kind == "stage_set" or (event.kind == "version_created" and stage == ModelVersionStage.NONE):
            holding[event.version] = event
    return sorted(holding.values(), key=lambda event: -event.event_id)
