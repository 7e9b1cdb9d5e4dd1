# Peers of the tracking benchmark. FastTrackML's wheel asks for MLflow's client, which its server doesn't need.
FASTTRACKML_STAMP := .venv-fasttrackml/.stamp

$(FASTTRACKML_STAMP):
	test -x .venv-fasttrackml/bin/python || $(PYTHON) -m venv .venv-fasttrackml
	.venv-fasttrackml/bin/python -m pip install --quiet --no-deps fasttrackml
	@touch $@

.PHONY: bench-peers
bench-peers: $(FASTTRACKML_STAMP) $(MLFLOW_STAMP)
	@command -v wrk >/dev/null || { echo "the benchmark needs wrk (Debian: apt-get install wrk)"; exit 1; }

bench-tracking: bench-peers

# Peer of the projects benchmark: MLflow's default way to an environment calls this program.
VIRTUALENV_STAMP := .venv-virtualenv/.stamp

$(VIRTUALENV_STAMP):
	test -x .venv-virtualenv/bin/python || $(PYTHON) -m venv .venv-virtualenv
	.venv-virtualenv/bin/python -m pip install --quiet virtualenv
	@touch $@

bench-projects: $(VIRTUALENV_STAMP)

# Peers of the logging benchmark.
LOGGERS_STAMP := .venv-loggers/.stamp

$(LOGGERS_STAMP):
	test -x .venv-loggers/bin/python || $(PYTHON) -m venv .venv-loggers
	.venv-loggers/bin/python -m pip install --quiet trackio wandb
	@touch $@

bench-logging: $(LOGGERS_STAMP)

# Peers of the serving benchmark.
SERVERS_STAMP := .venv-servers/.stamp

$(SERVERS_STAMP):
	test -x .venv-servers/bin/python || $(PYTHON) -m venv .venv-servers
	.venv-servers/bin/python -m pip install --quiet litserve bentoml fastapi uvicorn uvloop httptools scikit-learn pandas
	@touch $@

.PHONY: bench-servers
bench-servers: $(SERVERS_STAMP) $(MODELS_STAMP) $(MLFLOW_MODELS_STAMP)
	@command -v wrk >/dev/null || { echo "the benchmark needs wrk (Debian: apt-get install wrk)"; exit 1; }

bench-serving: bench-servers
