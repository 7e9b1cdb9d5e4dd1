CREATE TABLE access_token (
	token_id TEXT NOT NULL,
	username TEXT NOT NULL,
	secret_hash TEXT NOT NULL,
	description TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	expires_ms BIGINT,
	PRIMARY KEY (token_id)
)
 WITHOUT ROWID;
CREATE INDEX access_token_username ON access_token (username);
CREATE TABLE account (
	username TEXT NOT NULL,
	role TEXT NOT NULL,
	password_hash TEXT,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (username)
)
 WITHOUT ROWID;
CREATE TABLE artifact (
	root TEXT NOT NULL,
	path TEXT NOT NULL,
	size_bytes BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	recorded_ms BIGINT NOT NULL,
	PRIMARY KEY (root, path)
)
 WITHOUT ROWID;
CREATE TABLE dataset (
	id INTEGER NOT NULL,
	experiment_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	source_type TEXT NOT NULL,
	source TEXT NOT NULL,
	schema TEXT,
	profile TEXT,
	PRIMARY KEY (id),
	CONSTRAINT dataset_experiment_name_digest UNIQUE (experiment_id, name, digest)
);
CREATE TABLE dataset_input (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	dataset_ref BIGINT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT dataset_input_run_dataset UNIQUE (run_ref, dataset_ref)
);
CREATE INDEX dataset_input_dataset ON dataset_input (dataset_ref);
CREATE TABLE experiment (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	artifact_location TEXT NOT NULL,
	deleted_ms BIGINT,
	creation_time BIGINT NOT NULL,
	last_update_time BIGINT NOT NULL,
	CONSTRAINT experiment_name UNIQUE (name)
);
CREATE TABLE experiment_tag (
	experiment_id BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (experiment_id, "key")
)
 WITHOUT ROWID;
CREATE TABLE input_tag (
	input_ref BIGINT NOT NULL,
	position BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (input_ref, position)
)
 WITHOUT ROWID;
CREATE TABLE logged_model (
	id INTEGER NOT NULL,
	model_id TEXT NOT NULL,
	experiment_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	artifact_location TEXT NOT NULL,
	creation_timestamp BIGINT NOT NULL,
	last_updated_timestamp BIGINT NOT NULL,
	model_type TEXT,
	source_run_id TEXT,
	status SMALLINT NOT NULL,
	status_message TEXT,
	deleted_ms BIGINT,
	PRIMARY KEY (id),
	CONSTRAINT logged_model_model_id UNIQUE (model_id)
);
CREATE INDEX logged_model_by_creation ON logged_model (experiment_id, creation_timestamp DESC, model_id);
CREATE TABLE logged_model_param (
	model_ref BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model_ref, "key")
)
 WITHOUT ROWID;
CREATE TABLE logged_model_tag (
	model_ref BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model_ref, "key")
)
 WITHOUT ROWID;
CREATE TABLE meta (
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY ("key")
)
 WITHOUT ROWID;
CREATE TABLE metric_batch (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	key_set BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX metric_batch_run ON metric_batch (run_ref, key_set);
CREATE TABLE metric_block (
	id INTEGER NOT NULL,
	series_id BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE metric_hidden (
	id INTEGER NOT NULL,
	rewind_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	n BIGINT NOT NULL,
	first_step BIGINT NOT NULL,
	last_step BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX metric_hidden_rewind ON metric_hidden (rewind_ref, key_ref, first_step);
CREATE TABLE metric_loose (
	id INTEGER NOT NULL,
	series_id BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX metric_loose_series ON metric_loose (series_id);
CREATE TABLE metric_page (
	series_id BIGINT NOT NULL,
	place BIGINT NOT NULL,
	n BIGINT NOT NULL,
	min_step BIGINT NOT NULL,
	max_step BIGINT NOT NULL,
	min_timestamp BIGINT NOT NULL,
	max_timestamp BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (series_id, place)
)
 WITHOUT ROWID;
CREATE TABLE metric_series (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	experiment_id BIGINT NOT NULL,
	n BIGINT NOT NULL,
	last_step BIGINT NOT NULL,
	last_timestamp BIGINT NOT NULL,
	last_class SMALLINT NOT NULL,
	last_value DOUBLE NOT NULL,
	min_value DOUBLE NOT NULL,
	max_value DOUBLE NOT NULL,
	visible_until_step BIGINT,
	loose BIGINT NOT NULL,
	tail BLOB NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT metric_series_run_key UNIQUE (run_ref, key_ref)
);
CREATE INDEX metric_series_by_value ON metric_series (experiment_id, key_ref, last_class, last_value, run_ref);
CREATE INDEX metric_series_due ON metric_series (id) WHERE loose >= 512 OR length(tail) >= 768;
CREATE TABLE model_metric (
	model_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	run_ref BIGINT NOT NULL,
	dataset_name TEXT NOT NULL,
	dataset_digest TEXT NOT NULL,
	timestamp BIGINT NOT NULL,
	step BIGINT NOT NULL,
	class SMALLINT NOT NULL,
	value DOUBLE NOT NULL,
	PRIMARY KEY (model_ref, key_ref, run_ref, dataset_name, dataset_digest, timestamp, step, class, value)
)
 WITHOUT ROWID;
CREATE TABLE model_metric_hidden (
	rewind_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	model_ref BIGINT NOT NULL,
	dataset_name TEXT NOT NULL,
	dataset_digest TEXT NOT NULL,
	timestamp BIGINT NOT NULL,
	step BIGINT NOT NULL,
	class SMALLINT NOT NULL,
	value DOUBLE NOT NULL,
	PRIMARY KEY (rewind_ref, key_ref, model_ref, dataset_name, dataset_digest, timestamp, step, class, value)
)
 WITHOUT ROWID;
CREATE TABLE model_version (
	id INTEGER NOT NULL,
	model_ref BIGINT NOT NULL,
	number BIGINT NOT NULL,
	name TEXT NOT NULL,
	prompt SMALLINT DEFAULT 0 NOT NULL,
	stage SMALLINT DEFAULT 0 NOT NULL,
	creation_timestamp BIGINT NOT NULL,
	last_updated_timestamp BIGINT NOT NULL,
	description TEXT,
	user_id TEXT,
	source TEXT NOT NULL,
	storage_location TEXT,
	run_id TEXT NOT NULL,
	run_link TEXT,
	model_id TEXT,
	digest TEXT,
	PRIMARY KEY (id)
);
CREATE INDEX model_version_by_creation ON model_version (prompt, creation_timestamp DESC, name, number DESC);
CREATE INDEX model_version_by_location ON model_version (storage_location);
CREATE UNIQUE INDEX model_version_by_name ON model_version (name, number DESC);
CREATE UNIQUE INDEX model_version_by_stage ON model_version (model_ref, stage, number);
CREATE INDEX model_version_by_update ON model_version (prompt, last_updated_timestamp DESC, name, number DESC);
CREATE INDEX model_version_digest ON model_version (digest) WHERE digest IS NOT NULL;
CREATE INDEX model_version_run ON model_version (run_id) WHERE run_id != '';
CREATE TABLE model_version_tag (
	version_ref BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	start TEXT NOT NULL,
	PRIMARY KEY (version_ref, "key")
)
 WITHOUT ROWID;
CREATE INDEX model_version_tag_by_start ON model_version_tag ("key", start, version_ref);
CREATE TABLE name (
	id INTEGER NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT name_text UNIQUE (text)
);
CREATE TABLE param (
	run_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	experiment_id BIGINT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_ref, key_ref)
)
 WITHOUT ROWID;
CREATE INDEX param_by_value ON param (experiment_id, key_ref, value, run_ref);
CREATE TABLE param_correction (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	old_value TEXT NOT NULL,
	new_value TEXT NOT NULL,
	corrected_ms BIGINT NOT NULL,
	who TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX param_correction_run ON param_correction (run_ref);
CREATE TABLE registered_model (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	creation_timestamp BIGINT NOT NULL,
	last_updated_timestamp BIGINT NOT NULL,
	description TEXT,
	prompt SMALLINT DEFAULT 0 NOT NULL,
	policy TEXT,
	versions BIGINT DEFAULT 0 NOT NULL,
	revision BIGINT DEFAULT 0 NOT NULL,
	event_ms BIGINT DEFAULT 0 NOT NULL,
	chain TEXT NOT NULL,
	deleted_ms BIGINT
);
CREATE INDEX registered_model_by_update ON registered_model (prompt, last_updated_timestamp, name) WHERE deleted_ms IS NULL;
CREATE INDEX registered_model_gone ON registered_model (name) WHERE deleted_ms IS NOT NULL;
CREATE UNIQUE INDEX registered_model_name ON registered_model (name) WHERE deleted_ms IS NULL;
CREATE TABLE registered_model_alias (
	model_ref BIGINT NOT NULL,
	alias TEXT NOT NULL,
	number BIGINT NOT NULL,
	PRIMARY KEY (model_ref, alias)
)
 WITHOUT ROWID;
CREATE TABLE registered_model_former (
	name TEXT NOT NULL,
	model_ref BIGINT NOT NULL,
	PRIMARY KEY (name, model_ref)
)
 WITHOUT ROWID;
CREATE TABLE registered_model_tag (
	model_ref BIGINT NOT NULL,
	"key" TEXT NOT NULL,
	value TEXT NOT NULL,
	start TEXT NOT NULL,
	PRIMARY KEY (model_ref, "key")
)
 WITHOUT ROWID;
CREATE INDEX registered_model_tag_by_start ON registered_model_tag ("key", start, model_ref);
CREATE TABLE registry_event (
	id INTEGER NOT NULL,
	model_ref BIGINT NOT NULL,
	timestamp BIGINT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	version TEXT,
	"key" TEXT NOT NULL,
	"before" TEXT,
	"after" TEXT,
	digest TEXT,
	who TEXT NOT NULL,
	comment TEXT NOT NULL,
	chain TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX registry_event_model ON registry_event (model_ref, id);
CREATE TRIGGER registry_event_update BEFORE UPDATE ON registry_event BEGIN SELECT RAISE(ABORT, 'entries of the journal of the registry stay as they are'); END;
CREATE TRIGGER registry_event_delete BEFORE DELETE ON registry_event BEGIN SELECT RAISE(ABORT, 'entries of the journal of the registry stay as they are'); END;
CREATE TABLE run (
	id INTEGER NOT NULL,
	run_id TEXT NOT NULL,
	experiment_id BIGINT NOT NULL,
	user_id TEXT NOT NULL,
	status TEXT NOT NULL,
	run_name TEXT NOT NULL,
	artifact_uri TEXT NOT NULL,
	start_time BIGINT NOT NULL,
	end_time BIGINT,
	deleted_ms BIGINT,
	owner TEXT,
	heartbeat_ms BIGINT,
	lease_until_ms BIGINT,
	lost_status TEXT,
	PRIMARY KEY (id),
	CONSTRAINT run_run_id UNIQUE (run_id)
);
CREATE INDEX run_by_start ON run (experiment_id, start_time DESC, run_id, deleted_ms);
CREATE INDEX run_leased ON run (lease_until_ms) WHERE lease_until_ms IS NOT NULL;
CREATE TABLE run_change (
	run_ref INTEGER NOT NULL,
	experiment_id BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	rewinds BIGINT DEFAULT 0 NOT NULL,
	PRIMARY KEY (run_ref)
);
CREATE INDEX run_change_seq ON run_change (seq, run_ref);
CREATE TABLE run_document (
	run_ref INTEGER NOT NULL,
	params TEXT,
	tags TEXT,
	PRIMARY KEY (run_ref)
);
CREATE TABLE run_model (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	output SMALLINT NOT NULL,
	model_id TEXT NOT NULL,
	step BIGINT DEFAULT 0 NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX run_model_run ON run_model (run_ref);
CREATE TABLE run_rewind (
	id INTEGER NOT NULL,
	run_ref BIGINT NOT NULL,
	step BIGINT NOT NULL,
	rewound_ms BIGINT NOT NULL,
	who TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX run_rewind_run ON run_rewind (run_ref);
CREATE TABLE run_writer (
	run_ref BIGINT NOT NULL,
	writer_id TEXT NOT NULL,
	joined_ms BIGINT NOT NULL,
	PRIMARY KEY (run_ref, writer_id)
)
 WITHOUT ROWID;
CREATE TABLE tag (
	run_ref BIGINT NOT NULL,
	key_ref BIGINT NOT NULL,
	experiment_id BIGINT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_ref, key_ref)
)
 WITHOUT ROWID;
CREATE INDEX tag_by_value ON tag (experiment_id, key_ref, value, run_ref);
CREATE TABLE version_manifest (
	version_ref BIGINT NOT NULL,
	serial BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	payload BLOB NOT NULL,
	PRIMARY KEY (version_ref, serial)
)
 WITHOUT ROWID;
CREATE TABLE version_signature (
	id INTEGER NOT NULL,
	version_ref BIGINT NOT NULL,
	bundle TEXT NOT NULL,
	digest TEXT NOT NULL,
	method TEXT NOT NULL,
	signer TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX version_signature_version ON version_signature (version_ref, id);
CREATE TABLE webhook (
	id INTEGER NOT NULL,
	webhook_id TEXT NOT NULL,
	name TEXT NOT NULL,
	url TEXT NOT NULL,
	description TEXT,
	secret TEXT,
	status TEXT NOT NULL,
	creation_timestamp BIGINT NOT NULL,
	last_updated_timestamp BIGINT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT webhook_webhook_id UNIQUE (webhook_id)
);
CREATE TABLE webhook_delivery (
	id INTEGER NOT NULL,
	delivery_id TEXT NOT NULL,
	webhook_ref BIGINT NOT NULL,
	entity TEXT NOT NULL,
	action TEXT NOT NULL,
	body TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	due_ms BIGINT NOT NULL,
	state TEXT NOT NULL,
	attempts BIGINT DEFAULT 0 NOT NULL,
	ended_ms BIGINT,
	lease_until_ms BIGINT DEFAULT 0 NOT NULL,
	response_status BIGINT,
	response_body TEXT,
	error TEXT,
	PRIMARY KEY (id),
	CONSTRAINT webhook_delivery_delivery_id UNIQUE (delivery_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_ref, due_ms, id) WHERE state = 'waiting';
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_ref, id);
CREATE TABLE webhook_event (
	webhook_ref BIGINT NOT NULL,
	position BIGINT NOT NULL,
	entity TEXT NOT NULL,
	action TEXT NOT NULL,
	PRIMARY KEY (webhook_ref, position)
)
 WITHOUT ROWID;
CREATE INDEX webhook_event_wanted ON webhook_event (entity, action, webhook_ref);
CREATE TABLE writer_mark (
	writer_id TEXT NOT NULL,
	run_ref BIGINT,
	mark BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	PRIMARY KEY (writer_id)
)
 WITHOUT ROWID;
