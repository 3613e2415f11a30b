# make demo | test | check | lock; see CONTRIBUTING.md. The environment is .venv, made from the locks in requirements/.
PYTHON ?= python3
PORT ?= 8420
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test check lint types layers format lock image clean
help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: .venv/run.stamp ## a simulated platform on stand-in vendors, pulled, correlated and shown on PORT
	@$(BIN)/correlator demo --port $(PORT)

test: .venv/dev.stamp ## the whole test run
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: lint types layers ## what CI checks beside the tests

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	$(BIN)/mypy

layers: .venv/dev.stamp
	$(BIN)/lint-imports

format: .venv/dev.stamp ## put the code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## renew the locks (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade -q pyproject.toml --group build -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade -q pyproject.toml --group dev -o requirements/dev.txt

image: ## the container image
	docker build -f docker/Dockerfile -t incident-correlator .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache demo-data artefacts

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed, $(PYTHON) is older"; echo "hint: make PYTHON=/path/to/python3.12"; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "hint: on Debian, apt-get install python3-venv"; exit 2; }

.venv/run.stamp: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "installing what is locked in requirements/run.txt (about a minute, once)"
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
