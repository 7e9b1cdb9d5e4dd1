"""What filters and orders of each resource may name."""

from __future__ import annotations

from headrace.query.ast import Entity, OrderKey
from headrace.query.dialect import EQUALITY, MEMBER, NUMERIC, PRESENCE, TEXT, Dialect, Field, OpenEntity

RUN_NAME_TAG = "mlflow.runName"

_TAGS: dict[str, Entity] = {"tag": "tag", "tags": "tag"}

RUNS = Dialect(
    noun="runs",
    entities={
        "metric": "metric",
        "metrics": "metric",
        "param": "param",
        "params": "param",
        "parameter": "param",
        "parameters": "param",
        **_TAGS,
        "attribute": "attribute",
        "attributes": "attribute",
        "attr": "attribute",
        "run": "attribute",
        "dataset": "dataset",
        "datasets": "dataset",
    },
    fields={
        "attribute": (
            Field("run_id", "text", TEXT + MEMBER),
            Field(
                "run_name",
                "text",
                TEXT,
                aliases=("run name", "Run name", "Run Name"),
                alias_order=False,
                stored_as=("tag", RUN_NAME_TAG),
            ),
            Field("status", "text", TEXT),
            Field("artifact_uri", "text", TEXT),
            Field("user_id", "text", TEXT),
            Field(
                "start_time",
                "int",
                NUMERIC,
                aliases=("created", "Created"),
            ),
            Field("end_time", "int", NUMERIC),
        ),
        "dataset": (
            Field("name", "text", TEXT + MEMBER, order=False),
            Field("digest", "text", TEXT + MEMBER, order=False),
            Field("context", "text", TEXT + MEMBER, order=False),
        ),
    },
    open={
        "metric": OpenEntity("float", NUMERIC),
        "param": OpenEntity("text", TEXT + PRESENCE),
        "tag": OpenEntity("text", TEXT + PRESENCE),
    },
    default_order=(),
    ties=(OrderKey("attribute", "start_time", ascending=False), OrderKey("attribute", "run_id")),
)

EXPERIMENTS = Dialect(
    noun="experiments",
    entities={"attribute": "attribute", **_TAGS},
    fields={
        "attribute": (
            Field("name", "text", TEXT),
            Field("experiment_id", "id", EQUALITY + MEMBER),
            Field("creation_time", "int", NUMERIC, fractions=False),
            Field("last_update_time", "int", NUMERIC, fractions=False),
        ),
    },
    open={"tag": OpenEntity("text", TEXT + PRESENCE, order=False)},
    default_order=(
        OrderKey("attribute", "creation_time", ascending=False),
        OrderKey("attribute", "experiment_id"),
    ),
    ties=(OrderKey("attribute", "experiment_id", ascending=False),),
)

REGISTERED_MODELS = Dialect(
    noun="registered models",
    entities={"attribute": "attribute", **_TAGS},
    fields={
        "attribute": (
            Field("name", "text", TEXT + MEMBER),
            Field(
                "last_updated_timestamp",
                "int",
                (),
                aliases=("timestamp",),
            ),
        ),
    },
    open={"tag": OpenEntity("text", TEXT, order=False)},
    default_order=(),
    ties=(OrderKey("attribute", "name"),),
)

MODEL_VERSIONS = Dialect(
    noun="model versions",
    entities={"attribute": "attribute", **_TAGS},
    fields={
        "attribute": (
            Field("name", "text", TEXT + MEMBER),
            Field("run_id", "text", TEXT + MEMBER, order=False),
            Field("source_path", "text", TEXT, order=False),
            Field("digest", "text", ("=", "IN"), order=False),
            Field("version_number", "int", NUMERIC, quoted=True, fractions=False),
            Field("creation_timestamp", "int", ()),
            Field("last_updated_timestamp", "int", ()),
        ),
    },
    open={"tag": OpenEntity("text", TEXT, order=False)},
    default_order=(OrderKey("attribute", "last_updated_timestamp", ascending=False),),
    ties=(OrderKey("attribute", "name"), OrderKey("attribute", "version_number", ascending=False)),
)

LOGGED_MODELS = Dialect(
    noun="logged models",
    entities={"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"},
    fields={
        "attribute": (
            Field("name", "text", TEXT + MEMBER),
            Field("model_id", "text", TEXT + MEMBER),
            Field("model_type", "text", TEXT + MEMBER),
            Field("status", "number_text", TEXT + MEMBER),
            Field("source_run_id", "text", TEXT + MEMBER),
            Field("experiment_id", "number_text", TEXT + MEMBER),
            Field("artifact_location", "text", TEXT + MEMBER),
            Field("lifecycle_stage", "text", TEXT + MEMBER),
            Field(
                "creation_timestamp",
                "int",
                NUMERIC,
                aliases=("creation_time", "creation_timestamp_ms"),
            ),
            Field(
                "last_updated_timestamp",
                "int",
                NUMERIC,
                aliases=("last_updated_timestamp_ms",),
            ),
        ),
    },
    open={
        "metric": OpenEntity("float", NUMERIC),
        "param": OpenEntity("text", TEXT + MEMBER, order=False),
        "tag": OpenEntity("text", TEXT + MEMBER, order=False),
    },
    default_order=(),
    ties=(
        OrderKey("attribute", "creation_timestamp", ascending=False),
        OrderKey("attribute", "model_id"),
    ),
    bare_values=True,
)
