# `make run` on a fresh machine with Python 3.11 or newer installs everything below .venv and serves Cloister.
# No target needs root. What only root can add (a browser for the tests) is listed in configs/apt-packages.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PyTorch for the processor. For a GPU: make run TORCH=torch==2.13.0
# On Linux/x86-64 this build is kept in PyTorch's own index, not in the general one: name that index in TORCH_INDEX
# (pytorch.org, "Get started", CPU) unless your pip is set up with it.
TORCH ?= $(shell grep -m1 '^torch==' requirements.lock)
TORCH_INDEX ?=

# Who is asked for advisories (osv, pypi), which takes a way out: `make audit ADVISORIES=pypi`
ADVISORIES ?= osv

.PHONY: run test check audit bench bundle install install-dev format clean

run: install
	CLOISTER_INGEST__SAMPLES="$${CLOISTER_INGEST__SAMPLES-sample_docs}" $(BIN)/cloister serve

# A file's tests stay together: they share services that take seconds to start.
# One process more than cores: tests wait for services and pages about as much as they compute.
# In the order of tests/conftest.py, where xdist would begin with the files that have the most tests.
test: install-dev
	$(BIN)/python -m pytest --numprocesses $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)') --dist loadfile --no-loadscope-reorder

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	# An advisory fails the check. Where nobody can be asked (2), that is said, and the rest stands.
	$(BIN)/python scripts/audit.py $(ADVISORIES) requirements.lock requirements-dev.lock || [ $$? -eq 2 ]

# Known vulnerabilities of what the lock files name. Without a way out nothing is checked, and this says so and fails.
audit: install-dev
	$(BIN)/python scripts/audit.py $(ADVISORIES) requirements.lock requirements-dev.lock

bench: install-dev
	$(BIN)/python -m bench

# One archive in dist/ from which a machine like this one, without a network, installs Cloister (docs/bundle.md).
bundle: install-dev
	$(BIN)/python -m bundle $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cloister needs Python 3.11 or newer; set PYTHON to one, for example: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) "$(TORCH)" \
	  || { echo "PyTorch's CPU build was not found: run again with TORCH_INDEX set to the address of PyTorch's CPU index (pytorch.org, Get started, CPU)." >&2; exit 1; }
	grep -v '^torch==' requirements.lock | $(BIN)/pip install --quiet --no-deps --requirement /dev/stdin
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --no-deps --requirement requirements-dev.lock
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
