# Every target makes its own .venv when there is none. PYTHON picks the interpreter: make test PYTHON=python3.13
PYTHON ?= python3
BIN    := .venv/bin
# -qq: only errors, for pip's warnings name the package index, which is nobody's business in a log.
INSTALL = @echo "Installing into .venv"; $(BIN)/pip install -qq --disable-pip-version-check

.PHONY: demo test lint bench bench-quick chaos audit clean
.DELETE_ON_ERROR:

demo: .venv/installed          ## the whole loop on this machine: no account, no key, no network
	$(BIN)/relay demo

# One place for the data of every process, wherever the tests start it.
test: export COVERAGE_FILE = $(CURDIR)/.coverage
test: .venv/installed-test     ## every test, with branch coverage and its floor
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses 2 --dist loadfile $(ARGS)
	@find . -maxdepth 1 -name '.coverage.*' -empty -delete  # of processes that were killed
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: .venv/installed-test     ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/installed-test    ## every figure, measured on this machine, in twenty minutes
	$(BIN)/python bench/run.py --json bench/results.json --svg bench/figures.svg $(ARGS)

bench-quick: .venv/installed-test  ## only to see that every figure can be measured
	$(BIN)/python bench/run.py --quick $(ARGS)

chaos: export PYTHONPATH = tests:bench
chaos: .venv/installed-test    ## break everything that can be broken here, and count; ARGS=--quick is short
	$(BIN)/python -m chaos $(ARGS)

audit: .venv/installed         ## known faults of what is installed; asks the package index
	$(BIN)/pip install -qq --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --skip-editable

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is no Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/one" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(INSTALL) --editable .
	@touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	$(INSTALL) --editable '.[test]'
	@touch $@ .venv/installed
