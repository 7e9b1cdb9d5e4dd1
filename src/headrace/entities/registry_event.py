from __future__ import annotations

from typing import Literal

import msgspec

EventKind = Literal[
    "model_created",
    "model_renamed",
    "model_updated",
    "model_deleted",
    "model_tag_set",
    "model_tag_removed",
    "policy_set",
    "version_created",
    "version_updated",
    "version_deleted",
    "version_tag_set",
    "version_tag_removed",
    "version_signed",
    "manifest_amended",
    "alias_set",
    "alias_removed",
    "stage_set",
    "imported",
]


class Act(msgspec.Struct, frozen=True):
    """Who changes the registry, and why: journalled with the change. who: the authenticated principal, or
    "unverified:NAME" where nobody was authenticated."""

    who: str = ""
    comment: str = ""


class RegistryEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a model's journal, which nobody can edit. timestamp: ms since the epoch.

    event_id: ascending in the order of commits of one model. name: the model's at that time. key: the alias, the tag's
    key, or "" where the kind says all. before, after: values (of an alias: versions; of a rename: names; of a stage,
    tag or description: texts), None = there was none. digest: of the version's manifest at that time. chain: SHA-256
    (hex) over the model's previous chain and this entry, so that an entry removed or changed behind the store's back
    shows.
    """

    event_id: int
    timestamp: int
    kind: EventKind
    name: str
    version: str | None = None
    key: str = ""
    before: str | None = None
    after: str | None = None
    digest: str | None = None
    who: str = ""
    comment: str = ""
    chain: str = ""
