# Needs only Python 3.11+ (with its venv module) and make. Every target sets up what it uses.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
MLFLOW_STAMP := .venv-mlflow/.stamp
MODELS_STAMP := $(VENV)/.stamp-models
MLFLOW_MODELS_STAMP := .venv-mlflow/.stamp-models
HEAVY_STAMP := .venv-heavy/.stamp
MLFLOW_PACKAGES := mlflow pytest pytest-xdist psutil "psycopg[binary]"
# The newest that has a build without CUDA for every platform here; pip finds it where uv doesn't.
TORCH := torch==2.13.0
PYTEST := $(BIN)/python -m pytest
# Tests are shared out to so many processes, one more than the least machine has cores, since they often wait: the quick
# ones file by file, the slow ones, each with surroundings of its own, one by one.
WORKERS ?= 3
SHARED := -n $(WORKERS) --dist loadfile
SINGLY := -n $(WORKERS) --dist load
# The genuine client lives in its own environment and talks to a `headrace server` started from ours.
COMPAT := .venv-mlflow/bin/python -m pytest -c tests/compat/pytest.ini tests/compat
# TensorFlow, Spark (which needs Java) and Ray: an environment of their own, since 3 GB are no part of `make setup`.
HEAVY := .venv-heavy/bin/python -m pytest tests/heavy
COMPAT_TESTS := $(wildcard tests/compat/test_*.py tests/compat/*/test_*.py)
ROUNDS ?= 1000
SOAK ?= 120
CHROMIUM := chromium
JOBS ?= 4
# pytest's exit status when no test carries the marker.
NONE_SELECTED := 5

.DEFAULT_GOAL := help
# Suites share memory and cores: one after the other, whatever -j says.
.NOTPARALLEL:
.PHONY: help setup setup-mlflow demo phi3 ui screenshots test test-ui test-full test-crash lint format types docs clean
.PHONY: test-pages test-main test-mlflow test-full-main test-full-heavy test-full-mlflow
.PHONY: bench-logging bench-models bench-projects bench-registry bench-serving bench-tracking bench-ui

help:
	@echo "make setup           both environments: $(VENV) and .venv-mlflow (the genuine MLflow client)"
	@echo "make demo            train real models, track them, print the comparison; ask a chat model; a registry with gates"
	@echo "make phi3            make a tiny Phi-3 offline, log it with Transformers and with ONNX, ask it"
	@echo "make test            everything but the slow tests"
	@echo "make test-full       the slow tests, those with TensorFlow, Spark and Ray too (needs Java)"
	@echo "make test-crash      kills, cuts and full disks, $(ROUNDS) rounds: is every logged record there once?"
	@echo "make ui              build the web pages (Node 20 or newer); the package's own build does it, too"
	@echo "make test-ui         the web pages' lint, types and tests, those in Chromium where there is one"
	@echo "make screenshots     pictures of every page, from made-up runs, into build/screenshots"
	@echo "make lint / types    ruff / mypy --strict"
	@echo "make format          let ruff rewrite the sources"
	@echo "make docs            rewrite the reference pages from the sources"
	@echo "make bench-logging   the logging benchmark table"
	@echo "make bench-models    the models benchmark table"
	@echo "make bench-registry  the registry benchmark table"
	@echo "make bench-projects  the projects benchmark table"
	@echo "make bench-serving   the serving benchmark table"
	@echo "make bench-tracking  the tracking benchmark table"
	@echo "make bench-ui        the web pages' benchmark table (SOAK=600: seconds that they stay open)"
	@echo "make clean           remove environments and caches"

setup: $(STAMP) $(MLFLOW_STAMP) $(MODELS_STAMP) $(MLFLOW_MODELS_STAMP)
setup-mlflow: $(MLFLOW_STAMP)

# uv installs in seconds what takes pip minutes; where only pip reaches an index (pip.conf mirrors), pip does it.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Headrace needs Python 3.11 or newer, %s is %s; try make PYTHON=python3.12" % (sys.executable, sys.version.split()[0]) if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev \
	  || $(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

$(MLFLOW_STAMP): | $(STAMP)
	test -x .venv-mlflow/bin/python || $(PYTHON) -m venv .venv-mlflow
	$(BIN)/uv pip install --quiet --python .venv-mlflow/bin/python $(MLFLOW_PACKAGES) \
	  || .venv-mlflow/bin/python -m pip install --quiet $(MLFLOW_PACKAGES)
	@touch $@

# torch first and by pip: what depends on it is then content with the build that is there.
$(MODELS_STAMP): pyproject.toml | $(STAMP)
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable . --group dev --group models \
	  || $(BIN)/python -m pip install --quiet --editable . --group dev --group models
	@touch $@

$(MLFLOW_MODELS_STAMP): pyproject.toml | $(MLFLOW_STAMP)
	.venv-mlflow/bin/python -m pip install --quiet $(TORCH)
	$(BIN)/uv pip install --quiet --python .venv-mlflow/bin/python --group models onnx onnxruntime onnxruntime-genai \
	  || .venv-mlflow/bin/python -m pip install --quiet --group models onnx onnxruntime onnxruntime-genai
	@touch $@

$(HEAVY_STAMP): pyproject.toml | $(STAMP)
	@command -v java >/dev/null || { echo "tests/heavy need Java 17 or newer for Spark: install openjdk-17-jre-headless." >&2; exit 1; }
	test -x .venv-heavy/bin/python || $(PYTHON) -m venv .venv-heavy
	$(BIN)/uv pip install --quiet --python .venv-heavy/bin/python --editable . --group dev --group heavy \
	  || .venv-heavy/bin/python -m pip install --quiet --editable . --group dev --group heavy
	@touch $@

demo: $(STAMP)
	$(BIN)/python examples/digits_grid.py
	$(BIN)/python examples/phi3/one_line.py
	$(BIN)/python examples/registry/champion.py

# Trains and exports the tiny Phi-3 into build/phi3 unless it is there, then logs it and asks it, in three ways, and serves it.
phi3: $(STAMP) $(MODELS_STAMP)
	$(BIN)/python examples/phi3/pipeline.py --out build/phi3
	$(BIN)/python examples/phi3/onnx_wrapper.py --out build/phi3
	$(BIN)/python examples/phi3/one_line.py --model build/phi3/phi3-tiny-int4
	$(BIN)/python examples/phi3/serve.py --out build/phi3

# In this order; with -k all of them, whatever fails.
test: test-pages test-main test-mlflow

test-pages: $(STAMP)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory test-ui; \
	  else echo "No npm here: the web pages' own tests are skipped."; fi

test-main: $(STAMP) $(MLFLOW_STAMP) $(MODELS_STAMP) $(MLFLOW_MODELS_STAMP)
	$(PYTEST) -m "not full" $(SHARED)

# The genuine client's.
test-mlflow: $(STAMP) $(MLFLOW_STAMP) $(MLFLOW_MODELS_STAMP)
	$(if $(COMPAT_TESTS),$(COMPAT) -m "not full" $(SHARED))

# The web pages. A machine without Node has what the package's build made of them, and tests no more of it.
ui:
	$(PYTHON) ui/build.py

test-ui: ui $(STAMP)
	cd ui && npm run --silent lint && npm run --silent types && npm test --silent
	@if command -v $(CHROMIUM) >/dev/null; then cd ui && npm run --silent e2e; \
	  elif [ -n "$$HEADRACE_REQUIRE_CHROMIUM" ]; then echo "No Chromium here." >&2; exit 1; \
	  else echo "No Chromium here: the web pages' tests in a browser are skipped."; fi

# Every view, light and dark, wide and narrow; ONLY=runs,charts takes a part. Some go into docs/ by ui/screenshots/pictures.py.
screenshots: ui $(STAMP) $(MODELS_STAMP)
	cd ui && npx vitest run --config screenshots/vitest.config.ts

test-full: test-full-main test-full-heavy test-full-mlflow

test-full-main: $(STAMP) $(MLFLOW_STAMP) $(MODELS_STAMP) $(MLFLOW_MODELS_STAMP)
	$(PYTEST) -m full $(SINGLY)

test-full-heavy: $(HEAVY_STAMP)
	$(HEAVY)

test-full-mlflow: $(STAMP) $(MLFLOW_STAMP) $(MLFLOW_MODELS_STAMP)
	$(if $(COMPAT_TESTS),$(COMPAT) -m full || [ $$? -eq $(NONE_SELECTED) ])

test-crash: $(STAMP)
	$(BIN)/python -m tests.crash.harness --rounds $(ROUNDS) --jobs $(JOBS) --out tests/crash/results.json

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) $(MODELS_STAMP)
	$(BIN)/mypy

# The reference pages of docs/ follow commands, endpoints and dialects; tests/docs says when one is out of date.
docs: $(STAMP)
	$(BIN)/python -m tools.gen_cli_docs
	$(BIN)/python -m tools.gen_rest_docs
	$(BIN)/python -m tools.gen_search_docs
	$(BIN)/python -m tools.gen_ui_types

bench-models: $(MODELS_STAMP) $(MLFLOW_MODELS_STAMP)
	$(BIN)/python -m benchmarks.models

bench-logging: $(STAMP) $(MLFLOW_STAMP)
	$(BIN)/python -m benchmarks.logging

bench-registry: $(STAMP) $(MLFLOW_STAMP)
	$(BIN)/python -m benchmarks.registry

bench-projects: $(STAMP) $(MLFLOW_STAMP)
	$(BIN)/python -m benchmarks.projects

bench-serving: $(STAMP)
	$(BIN)/python -m benchmarks.serving

bench-tracking: $(STAMP)
	$(BIN)/python -m benchmarks.tracking

# Databases of a gigabyte are made in build/ the first time.
bench-ui: ui $(STAMP) $(MLFLOW_STAMP)
	$(BIN)/python -m benchmarks.ui --soak $(SOAK) --folder build/bench-ui

clean:
	rm -rf .venv .venv-mlflow .venv-heavy .venv-fasttrackml .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# What the benchmark needs beside: FastTrackML in an environment of its own, wrk.
-include benchmarks/benchmarks.mk
