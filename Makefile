# make demo | test | check | lock; see CONTRIBUTING.md. The environment is .venv, made from the locks in requirements/.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
PORT ?= 8420
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# what is compiled once need not be compiled by each process that is started
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check lint types layers format docs pictures lock image clean
help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: .venv/run.stamp ## a simulated platform on stand-in vendors, pulled, correlated and shown on PORT
	@exec $(BIN)/correlator demo --port $(PORT)

# two processors are enough; the third process works while the others wait for servers and schedulers;
# tests/sharing.py says in which order
test: .venv/dev.stamp ## the whole test run, with linters, types and layers
	$(BIN)/python -m pytest -n 3 --dist loadfile $(PYTEST_ARGS)

check: lint types layers ## linters, types and layers alone

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

docs: .venv/run.stamp ## the pages that are made from the code
	$(BIN)/python -m correlator.settings.page > docs/settings.md
	$(BIN)/python -m web.api.reference > docs/api-reference.md

PICTURES := overview-wide-light check-wide-light incident-wide-light incident-phone-dark finding-wide-light handover-wide-light timeline-wide-light
pictures: .venv/dev.stamp ## the pictures in docs/images, from the browser tests (needs Chromium)
	$(BIN)/python -m pytest -q tests/browser/test_tasks.py
	@for name in $(PICTURES); do cp artefacts/screens/$$name.png docs/images/$$(sed -E 's/-wide|-light|-dark//g' <<< $$name).png; done

lock: ## renew the locks (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade -q pyproject.toml --group build -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade -q pyproject.toml --group dev -o requirements/dev.txt

image: ## the container image
	docker build -f docker/Dockerfile -t incident-correlator .

clean: ## everything that was made here, the environment too
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist demo-data artefacts

# pip's own output is long: every tenth package, what went wrong, and nothing else
define install
@$(PIP) install --progress-bar off --require-hashes -r $(1) | while read -r word rest; do case "$$word" in \
	Collecting) n=$$((n + 1)); [ $$((n % 10)) -ne 0 ] || echo "  $$n packages of about $$(grep -c == $(1))";; \
	Installing) echo "  unpacking";; esac; done
endef

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: there is no $(PYTHON) here"; echo "hint: on Debian, apt-get install python3 python3-venv; or make PYTHON=/path/to/python3.12"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V)"; echo "hint: make PYTHON=/path/to/python3.12"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) cannot make environments"; echo "hint: on Debian, apt-get install python3-venv"; exit 2; }
	@echo "making the environment .venv with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 2; }

.venv/run.stamp: requirements/run.txt pyproject.toml | .venv/bin/python
	@echo "installing what is locked in requirements/run.txt (about a minute, once)"
	$(call install,requirements/run.txt)
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "installing the tools for tests, from requirements/dev.txt (about a minute, once)"
	$(call install,requirements/dev.txt)
	@touch $@
