# The commands of the project. `make` lists them.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
export DO_NOT_TRACK := 1
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo ui test check format bench identity-report samples dictionary clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

# a virtual environment is made again when the pins change, never patched
.venv/ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found -> install Python 3.11, or say PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Setting up .venv from requirements.lock (about a minute, once)" >&2
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Dagster reads the dbt manifest when it loads; it is parsed only when the models are others than those it was made of
setup: .venv/ready ## Make .venv from the hashed pins and prepare the dbt manifest
	@$(BIN)/python -m assets.manifest

# plans of campaigns that belong to the sample; a home of your own begins with none
data/home/cdp.yaml:
	@mkdir -p $(@D) && cp data/demo/cdp.yaml $@

demo: setup data/home/cdp.yaml ## Set up, then run the whole job on the sample deliveries
	@$(BIN)/cdp run --deliveries data/samples

# without a home of your own, the inbox is that of the demo
ui: setup $(if $(CDP_HOME),,data/home/cdp.yaml) ## Open Dagster on http://127.0.0.1:3000
	@$(if $(CDP_HOME),,export CDP_DELIVERIES="$${CDP_DELIVERIES:-$(CURDIR)/data/samples}";) export CDP_HOME="$${CDP_HOME:-$(CURDIR)/data/home}"; \
	export DAGSTER_HOME="$${DAGSTER_HOME:-$$CDP_HOME/dagster}"; \
	$(BIN)/python -c "import os, pathlib; from assets.cli.run import prepare_dagster_home; prepare_dagster_home(pathlib.Path(os.environ['DAGSTER_HOME']))" && \
	exec $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

test: setup ## Set up, then run all tests
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

check: setup ## Lint, types, import contracts, SQL style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests dbt_project/macros

format: setup ## Rewrite code to the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup ## Measure; writes benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

# sizes and all else by ARGS, such as ARGS="--people 100000 1000000 5000000"
identity-report: setup ## Measure who is who; writes its part of benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks identity $(ARGS)

samples: setup ## Rebuild data/samples with the simulator
	@$(BIN)/python -c "from pathlib import Path; from pipelines.simulate import simulate_sample; simulate_sample(Path('data/samples'))"

# the docs blocks of metrics are in the manifest, and the rest is written from it
dictionary: setup ## Rewrite docs/dictionary*.md, the docs blocks of metrics and the dbt exposures
	@$(BIN)/python -m assets.dictionary blocks && $(MAKE) --no-print-directory setup && $(BIN)/python -m assets.dictionary tables

clean: ## Remove the environment and everything that a run wrote
	@rm -rf .venv data/home dbt_project/target dbt_project/logs
