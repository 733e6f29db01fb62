# make demo · make test · make test-spark · make lint · make lock
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
BENCH_ARGS ?=

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /  ·  /'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "unitcost needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python  ## what runs
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-spark: requirements-spark.lock $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

demo: $(VENV)/.installed  ## an imaginary company: its exports, the build, the dashboard
	$(BIN)/unitcost demo $(DEMO_ARGS)

test: lint  ## every check but Spark's
	$(BIN)/pytest -m "not spark" -n 2 --dist loadfile --no-loadscope-reorder

test-spark: $(VENV)/.installed-spark  ## the same models on Apache Spark; needs Java 17
	$(BIN)/pytest -m spark

bench: $(VENV)/.installed-bench  ## logs to published build, beside DuckDB, ClickHouse, Polars by hand and pricing call by call
	$(BIN)/python -m tests.bench.bench_warehouse $(BENCH_ARGS)

bench-rating: $(VENV)/.installed-dev  ## ten million calls rated, beside the library's own calculation
	$(BIN)/python -m tests.bench.bench_rating

bench-anomalies: $(VENV)/.installed-bench  ## how well planted incidents are found, beside rules that watch the cost only
	$(BIN)/python -m tests.bench.bench_anomalies $(BENCH_ARGS)

bench-landing: $(VENV)/.installed-dev  ## a log landed, beside DuckDB and Polars turning the same bytes into Parquet
	$(BIN)/python -m tests.bench.bench_landing

bench-pages: $(VENV)/.installed-dev  ## each page of a warehouse's dashboard, as the server makes it, cold and again
	$(BIN)/python -m tests.bench.bench_pages $(BENCH_ARGS)

lint: $(VENV)/.installed-dev  ## style, types, import contracts, SQL
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint models tests/models

lock:  ## resolve every version again (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-strip-extras --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-strip-extras --quiet -c requirements.lock -o requirements-dev.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra spark --universal --python-version 3.11 --generate-hashes --no-strip-extras --quiet -c requirements-dev.lock -o requirements-spark.lock
	uv pip compile pyproject.toml --extra build --extra dev --extra bench --universal --python-version 3.11 --generate-hashes --no-strip-extras --quiet -c requirements-dev.lock -o requirements-bench.lock
	printf '%s\n' 'focus-validator==1.0.0' 'multimethod<1.10' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header --quiet -o requirements-focus.lock

.PHONY: help demo test test-spark bench bench-rating bench-landing bench-anomalies bench-pages lint lock
