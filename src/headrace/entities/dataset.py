from __future__ import annotations

import msgspec


class InputTag(msgspec.Struct, frozen=True, gc=False):
    key: str
    value: str


class Dataset(msgspec.Struct, frozen=True):
    """What a run read. source, schema, profile: JSON as text. digest: 8 hex digits from our clients."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInput(msgspec.Struct, frozen=True):
    dataset: Dataset
    tags: list[InputTag] = msgspec.field(default_factory=list)


class DatasetSummary(msgspec.Struct, frozen=True):
    """A distinct (experiment, name, digest, context) that runs of an experiment logged."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None
