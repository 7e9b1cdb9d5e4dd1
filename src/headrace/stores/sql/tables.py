"""The schema, on SQLite and PostgreSQL alike: what the generated DDL in `migrations/` is made from.

Imported by the migrations and tests only; the store itself speaks SQL text (SQLAlchemy costs 25 MB and 0.2 s).
- `..._ref` points at an integer surrogate `id`; outer ids (`run_id`, `model_id`) are text. Keys of metrics, params and
  tags are numbers of `name`, so that rows and indexes stay small. Times are ms since the epoch.
- Text collates by code point on both databases. A float that may be NaN is (class, value): class 0 and the value, or
  class 1 and 0.0, since SQLite turns NaN into NULL and PostgreSQL orders it highest.
- Foreign keys are not declared: rows of a run are made only in transactions that hold the run.
- Indexes that start with experiment_id serve searches: the order key drives, the filters probe.
"""

from __future__ import annotations

import sqlalchemy as sa

from headrace.stores.sql.migrations.revisions import INDEXED_VALUE_CHARS, SERIES_DUE

metadata = sa.MetaData()

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER PRIMARY KEY is SQLite's rowid
Int = sa.BigInteger()


def _id() -> sa.Column[int]:
    return sa.Column("id", Id, primary_key=True, autoincrement=True)


def _int(name: str, *, null: bool = False, default: int | None = None, key: bool = False) -> sa.Column[int]:
    text = None if default is None else sa.text(str(default))
    return sa.Column(name, Int, nullable=null, server_default=text, primary_key=key, autoincrement=False)


def _ref(name: str) -> sa.Column[int]:
    """The primary key of a table that has one row per row of another."""
    return sa.Column(name, Id, primary_key=True, autoincrement=False)


def _small(name: str, *, default: int | None = None, key: bool = False) -> sa.Column[int]:
    text = None if default is None else sa.text(str(default))
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default=text, primary_key=key, autoincrement=False)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, Text, nullable=null, primary_key=key)


def _payload() -> sa.Column[bytes]:
    return sa.Column("payload", sa.LargeBinary, nullable=False)


def _as_it_is(table: str) -> dict[str, list[str]]:
    """PostgreSQL need not try to compress the payload: it is packed already, or soon gone."""
    return {"postgresql": [f"ALTER TABLE {table} ALTER COLUMN payload SET STORAGE EXTERNAL"]}


def _clustered(name: str, *parts: sa.schema.SchemaItem, info: dict[str, list[str]] | None = None) -> sa.Table:
    """A table that lies in the order of its primary key on SQLite. info: further DDL by dialect."""
    return sa.Table(name, metadata, *parts, sqlite_with_rowid=False, info=info or {})


meta = _clustered("meta", _text("key", key=True), _text("value"))

name = sa.Table("name", metadata, _id(), _text("text"), sa.UniqueConstraint("text", name="name_text"))

experiment = sa.Table(
    "experiment",
    metadata,
    _id(),
    _text("name"),
    _text("artifact_location"),
    _int("deleted_ms", null=True),  # NULL: active
    _int("creation_time"),
    _int("last_update_time"),
    sa.UniqueConstraint("name", name="experiment_name"),
    sqlite_autoincrement=True,  # ids are never used again
)

experiment_tag = _clustered("experiment_tag", _int("experiment_id", key=True), _text("key", key=True), _text("value"))

run = sa.Table(
    "run",
    metadata,
    _id(),
    _text("run_id"),
    _int("experiment_id"),
    _text("user_id"),
    _text("status"),
    _text("run_name"),
    _text("artifact_uri"),
    _int("start_time"),
    _int("end_time", null=True),
    _int("deleted_ms", null=True),  # NULL: active
    _text("owner", null=True),  # lease of the process that writes the run
    _int("heartbeat_ms", null=True),
    _int("lease_until_ms", null=True),
    _text("lost_status", null=True),  # what the run is if that was its last heartbeat
    sa.UniqueConstraint("run_id", name="run_run_id"),
)
# Those that somebody must send heartbeats for: a few, whatever has been run before.
sa.Index(
    "run_leased",
    run.c.lease_until_ms,
    sqlite_where=sa.text("lease_until_ms IS NOT NULL"),
    postgresql_where=sa.text("lease_until_ms IS NOT NULL"),
)
# deleted_ms at its end, so that runs are counted without a look at their rows.
sa.Index("run_by_start", run.c.experiment_id, run.c.start_time.desc(), run.c.run_id, run.c.deleted_ms)

# Params and tags of a run as ready JSON arrays [{"key":…,"value":…}]; NULL where they are too long to keep twice.
run_document = sa.Table("run_document", metadata, _ref("run_ref"), _text("params", null=True), _text("tags", null=True))

# seq: on SQLite the number of the transaction that last wrote the run, on PostgreSQL its transaction id.
# rewinds: how many there are of it, beside what each write of the run takes anyway.
run_change = sa.Table(
    "run_change", metadata, _ref("run_ref"), _int("experiment_id"), _int("seq"), _int("rewinds", default=0)
)
sa.Index("run_change_seq", run_change.c.seq, run_change.c.run_ref)


def _by_value(table: str) -> dict[str, list[str]]:
    """The index on values. SQLite takes values of any length, and finds an expression less often than a column."""
    index = f"CREATE INDEX {table}_by_value ON {table} (experiment_id, key_ref, {{}}, run_ref)"
    return {
        "sqlite": [index.format("value")],
        "postgresql": [index.format(f"substr(value, 1, {INDEXED_VALUE_CHARS})")],
    }


param = _clustered(
    "param",
    _int("run_ref", key=True),
    _int("key_ref", key=True),
    _int("experiment_id"),
    _text("value"),
    info=_by_value("param"),
)
tag = _clustered(
    "tag",
    _int("run_ref", key=True),
    _int("key_ref", key=True),
    _int("experiment_id"),
    _text("value"),
    info=_by_value("tag"),
)

# One row per (run, key): what search and listing need. "last" is the greatest point by (step, timestamp, value).
metric_series = sa.Table(
    "metric_series",
    metadata,
    _id(),
    _int("run_ref"),
    _int("key_ref"),
    _int("experiment_id"),
    _int("n"),  # points ever appended, exact repeats included
    _int("last_step"),
    _int("last_timestamp"),
    _small("last_class"),
    _real("last_value"),
    _real("min_value"),  # over the points that aren't NaN; +inf and -inf while there is none
    _real("max_value"),
    _int("visible_until_step", null=True),  # of no use: a rewind moves what it hides to metric_hidden
    _int("loose"),  # points in metric_loose
    sa.Column("tail", sa.LargeBinary, nullable=False),  # the newest few points; the form is that of metric_loose
    sa.UniqueConstraint("run_ref", "key_ref", name="metric_series_run_key"),
)
sa.Index(
    "metric_series_by_value",
    metric_series.c.experiment_id,
    metric_series.c.key_ref,
    metric_series.c.last_class,
    metric_series.c.last_value,
    metric_series.c.run_ref,
)
# Holds only the few series whose points wait to be moved on, so that nobody keeps a list of them.
sa.Index(
    "metric_series_due",
    metric_series.c.id,
    sqlite_where=sa.text(SERIES_DUE),
    postgresql_where=sa.text(SERIES_DUE),
)

# What a request of many keys brought, in one row until the same keys have come often; see blocks/batches.py.
metric_batch = sa.Table(
    "metric_batch",
    metadata,
    _id(),
    _int("run_ref"),
    _int("key_set"),
    _payload(),
    info=_as_it_is("metric_batch"),
)
sa.Index("metric_batch_run", metric_batch.c.run_ref, metric_batch.c.key_set)

# Points of a series move on from its tail to metric_loose and, sorted, to metric_block; see blocks/__init__.py.
metric_loose = sa.Table("metric_loose", metadata, _id(), _int("series_id"), _payload(), info=_as_it_is("metric_loose"))
sa.Index("metric_loose_series", metric_loose.c.series_id)

metric_block = sa.Table("metric_block", metadata, _id(), _int("series_id"), _payload(), info=_as_it_is("metric_block"))

# Summaries of blocks, in the order of `place`: a chart reads these, and blocks only where a bucket's edge cuts them.
metric_page = _clustered(
    "metric_page",
    _int("series_id", key=True),
    _int("place", key=True),
    _int("n"),
    _int("min_step"),
    _int("max_step"),
    _int("min_timestamp"),
    _int("max_timestamp"),
    _payload(),
)

# Points that carry a model or a dataset, as rows besides their series: what searches of models read. The key is the
# whole row, so that an exact repeat is none. 0 and '' stand for no model and no dataset.
model_metric = _clustered(
    "model_metric",
    _int("model_ref", key=True),
    _int("key_ref", key=True),
    _int("run_ref", key=True),
    _text("dataset_name", key=True),
    _text("dataset_digest", key=True),
    _int("timestamp", key=True),
    _int("step", key=True),
    _small("class", key=True),
    sa.Column("value", sa.Double, nullable=False, primary_key=True),
)

# Rewinds of runs, and when writers of journals have opened a run; see stores/amendments.py.
run_rewind = sa.Table("run_rewind", metadata, _id(), _int("run_ref"), _int("step"), _int("rewound_ms"), _text("who"))
sa.Index("run_rewind_run", run_rewind.c.run_ref)
run_writer = _clustered("run_writer", _int("run_ref", key=True), _text("writer_id", key=True), _int("joined_ms"))

# What rewinds hide: points as in metric_block, and rows of model_metric.
metric_hidden = sa.Table(
    "metric_hidden",
    metadata,
    _id(),
    _int("rewind_ref"),
    _int("key_ref"),
    _int("n"),
    _int("first_step"),
    _int("last_step"),
    _payload(),
    info=_as_it_is("metric_hidden"),
)
sa.Index("metric_hidden_rewind", metric_hidden.c.rewind_ref, metric_hidden.c.key_ref, metric_hidden.c.first_step)
model_metric_hidden = _clustered(
    "model_metric_hidden",
    _int("rewind_ref", key=True),
    _int("key_ref", key=True),
    _int("model_ref", key=True),
    _text("dataset_name", key=True),
    _text("dataset_digest", key=True),
    _int("timestamp", key=True),
    _int("step", key=True),
    _small("class", key=True),
    sa.Column("value", sa.Double, nullable=False, primary_key=True),
)

# Values that params had before they were corrected; rows are only added.
param_correction = sa.Table(
    "param_correction",
    metadata,
    _id(),
    _int("run_ref"),
    _int("key_ref"),
    _text("old_value"),
    _text("new_value"),
    _int("corrected_ms"),
    _text("who"),
    _text("reason"),
)
sa.Index("param_correction_run", param_correction.c.run_ref)

dataset = sa.Table(
    "dataset",
    metadata,
    _id(),
    _int("experiment_id"),
    _text("name"),
    _text("digest"),
    _text("source_type"),
    _text("source"),
    _text("schema", null=True),
    _text("profile", null=True),
    sa.UniqueConstraint("experiment_id", "name", "digest", name="dataset_experiment_name_digest"),
)
dataset_input = sa.Table(
    "dataset_input",
    metadata,
    _id(),
    _int("run_ref"),
    _int("dataset_ref"),
    sa.UniqueConstraint("run_ref", "dataset_ref", name="dataset_input_run_dataset"),
)
sa.Index("dataset_input_dataset", dataset_input.c.dataset_ref)
input_tag = _clustered(
    "input_tag", _int("input_ref", key=True), _int("position", key=True), _text("key"), _text("value")
)

# output: 0 for a model that the run read, 1 for one that it made (step set).
run_model = sa.Table(
    "run_model",
    metadata,
    _id(),
    _int("run_ref"),
    _small("output"),
    _text("model_id"),
    _int("step", default=0),
)
sa.Index("run_model_run", run_model.c.run_ref)

logged_model = sa.Table(
    "logged_model",
    metadata,
    _id(),
    _text("model_id"),
    _int("experiment_id"),
    _text("name"),
    _text("artifact_location"),
    _int("creation_timestamp"),
    _int("last_updated_timestamp"),
    _text("model_type", null=True),
    _text("source_run_id", null=True),
    _small("status"),
    _text("status_message", null=True),
    _int("deleted_ms", null=True),
    sa.UniqueConstraint("model_id", name="logged_model_model_id"),
)
sa.Index(
    "logged_model_by_creation",
    logged_model.c.experiment_id,
    logged_model.c.creation_timestamp.desc(),
    logged_model.c.model_id,
)
logged_model_param = _clustered(
    "logged_model_param", _int("model_ref", key=True), _text("key", key=True), _text("value")
)
logged_model_tag = _clustered("logged_model_tag", _int("model_ref", key=True), _text("key", key=True), _text("value"))

artifact = _clustered(
    "artifact",
    _text("root", key=True),
    _text("path", key=True),
    _int("size_bytes"),
    _text("sha256"),
    _int("recorded_ms"),
)

account = _clustered(
    "account",
    _text("username", key=True),
    _text("role"),
    _text("password_hash", null=True),
    _int("created_ms"),
)
access_token = _clustered(
    "access_token",
    _text("token_id", key=True),
    _text("username"),
    _text("secret_hash"),
    _text("description"),
    _int("created_ms"),
    _int("expires_ms", null=True),
)
sa.Index("access_token_username", access_token.c.username)

# How far a client's journal has been taken in; moves in the transaction of the data.
writer_mark = _clustered(
    "writer_mark", _text("writer_id", key=True), _int("run_ref", null=True), _int("mark"), _int("updated_ms")
)


def _registry_tag(table: str, ref: str) -> sa.Table:
    """start: the beginning of the value, which is what is indexed; a prompt's text is a value, too."""
    made = _clustered(table, _int(ref, key=True), _text("key", key=True), _text("value"), _text("start"))
    sa.Index(f"{table}_by_start", made.c.key, made.c.start, made.c[ref])
    return made


# A deleted model keeps its row for its journal's sake. versions: made so far; event_ms: time of the last entry of the
# journal; chain: of that entry. prompt: 1 where tag mlflow.prompt.is_prompt is "true", also of versions.
registered_model = sa.Table(
    "registered_model",
    metadata,
    _id(),
    _text("name"),
    _int("creation_timestamp"),
    _int("last_updated_timestamp"),
    _text("description", null=True),
    _small("prompt", default=0),
    _text("policy", null=True),
    _int("versions", default=0),
    _int("revision", default=0),
    _int("event_ms", default=0),
    _text("chain"),
    _int("deleted_ms", null=True),
    sqlite_autoincrement=True,  # ids are never used again
)
_LIVE, _GONE = sa.text("deleted_ms IS NULL"), sa.text("deleted_ms IS NOT NULL")
sa.Index("registered_model_name", registered_model.c.name, unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE)
sa.Index("registered_model_gone", registered_model.c.name, sqlite_where=_GONE, postgresql_where=_GONE)
sa.Index(
    "registered_model_by_update",
    registered_model.c.prompt,
    registered_model.c.last_updated_timestamp,
    registered_model.c.name,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)
# Every name that a model has or had.
registered_model_former = _clustered("registered_model_former", _text("name", key=True), _int("model_ref", key=True))
registered_model_tag = _registry_tag("registered_model_tag", "model_ref")
registered_model_alias = _clustered(
    "registered_model_alias", _int("model_ref", key=True), _text("alias", key=True), _int("number")
)

# name: the model's, so that searches needn't look at its row. run_id: '' where none was set.
model_version = sa.Table(
    "model_version",
    metadata,
    _id(),
    _int("model_ref"),
    _int("number"),
    _text("name"),
    _small("prompt", default=0),
    _small("stage", default=0),
    _int("creation_timestamp"),
    _int("last_updated_timestamp"),
    _text("description", null=True),
    _text("user_id", null=True),
    _text("source"),
    _text("storage_location", null=True),
    _text("run_id"),
    _text("run_link", null=True),
    _text("model_id", null=True),
    _text("digest", null=True),
)
sa.Index("model_version_by_name", model_version.c.name, model_version.c.number.desc(), unique=True)
sa.Index(
    "model_version_by_stage", model_version.c.model_ref, model_version.c.stage, model_version.c.number, unique=True
)
sa.Index(
    "model_version_by_update",
    model_version.c.prompt,
    model_version.c.last_updated_timestamp.desc(),
    model_version.c.name,
    model_version.c.number.desc(),
)
sa.Index(
    "model_version_by_creation",
    model_version.c.prompt,
    model_version.c.creation_timestamp.desc(),
    model_version.c.name,
    model_version.c.number.desc(),
)
sa.Index(
    "model_version_run",
    model_version.c.run_id,
    sqlite_where=sa.text("run_id != ''"),
    postgresql_where=sa.text("run_id != ''"),
)
sa.Index(
    "model_version_digest",
    model_version.c.digest,
    sqlite_where=sa.text("digest IS NOT NULL"),
    postgresql_where=sa.text("digest IS NOT NULL"),
)
sa.Index("model_version_by_location", model_version.c.storage_location, postgresql_using="hash")
model_version_tag = _registry_tag("model_version_tag", "version_ref")
# The files of a version, packed; the greatest serial is the present one.
version_manifest = _clustered(
    "version_manifest",
    _int("version_ref", key=True),
    _int("serial", key=True),
    _int("created_ms"),
    _payload(),
    info=_as_it_is("version_manifest"),
)
version_signature = sa.Table(
    "version_signature",
    metadata,
    _id(),
    _int("version_ref"),
    _text("bundle"),
    _text("digest"),
    _text("method"),
    _text("signer"),
    _int("created_ms"),
)
sa.Index("version_signature_version", version_signature.c.version_ref, version_signature.c.id)

# The journal: nobody changes or removes an entry. See stores/registry_journal.py.
_KEPT = "entries of the journal of the registry stay as they are"
_REFUSED, _CHANGES = f"RAISE EXCEPTION '{_KEPT}'", "UPDATE OR DELETE OR TRUNCATE"
_FUNCTION = "FOR EACH STATEMENT EXECUTE FUNCTION registry_event_kept()"
registry_event = sa.Table(
    "registry_event",
    metadata,
    _id(),
    _int("model_ref"),
    _int("timestamp"),
    _text("kind"),
    _text("name"),
    _text("version", null=True),
    _text("key"),
    _text("before", null=True),
    _text("after", null=True),
    _text("digest", null=True),
    _text("who"),
    _text("comment"),
    _text("chain"),
    info={
        "sqlite": [
            f"CREATE TRIGGER registry_event_{change} BEFORE {change.upper()} ON registry_event "
            f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
            for change in ("update", "delete")
        ],
        "postgresql": [
            f"CREATE FUNCTION registry_event_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_REFUSED}; END $$",
            f"CREATE TRIGGER registry_event_kept BEFORE {_CHANGES} ON registry_event {_FUNCTION}",
        ],
    },
)
sa.Index("registry_event_model", registry_event.c.model_ref, registry_event.c.id)

webhook = sa.Table(
    "webhook",
    metadata,
    _id(),
    _text("webhook_id"),
    _text("name"),
    _text("url"),
    _text("description", null=True),
    _text("secret", null=True),
    _text("status"),
    _int("creation_timestamp"),
    _int("last_updated_timestamp"),
    sa.UniqueConstraint("webhook_id", name="webhook_webhook_id"),
)
webhook_event = _clustered(
    "webhook_event", _int("webhook_ref", key=True), _int("position", key=True), _text("entity"), _text("action")
)
sa.Index("webhook_event_wanted", webhook_event.c.entity, webhook_event.c.action, webhook_event.c.webhook_ref)

# What is to be told: waiting until it is delivered or given up. lease_until_ms: somebody is sending it until then.
webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    _id(),
    _text("delivery_id"),
    _int("webhook_ref"),
    _text("entity"),
    _text("action"),
    _text("body"),
    _int("created_ms"),
    _int("due_ms"),
    _text("state"),
    _int("attempts", default=0),
    _int("ended_ms", null=True),
    _int("lease_until_ms", default=0),
    _int("response_status", null=True),
    _text("response_body", null=True),
    _text("error", null=True),
    sa.UniqueConstraint("delivery_id", name="webhook_delivery_delivery_id"),
)
sa.Index("webhook_delivery_of", webhook_delivery.c.webhook_ref, webhook_delivery.c.id)
sa.Index(
    "webhook_delivery_due",
    webhook_delivery.c.webhook_ref,
    webhook_delivery.c.due_ms,
    webhook_delivery.c.id,
    sqlite_where=sa.text("state = 'waiting'"),
    postgresql_where=sa.text("state = 'waiting'"),
)
sa.Index(
    "webhook_delivery_ended",
    webhook_delivery.c.ended_ms,
    sqlite_where=sa.text("ended_ms IS NOT NULL"),
    postgresql_where=sa.text("ended_ms IS NOT NULL"),
)
