# Needs only Python 3.11 or newer, with its pip. Each command first makes .venv and installs there what it uses.
PYTHON ?= python3
VENV ?= .venv
FUZZ ?= 20000

.PHONY: help demo test quick fuzz docs lint format types oldest package clean
.NOTPARALLEL:

help:                          ## show this list
	@sed -n 's/^\([a-z]*\):.* ## /make \1\t/p' Makefile | expand -t 16

demo: $(VENV)/demo.ready       ## train on real data, draw the network, prove its derivatives; writes demo/
	@$(VENV)/bin/tinygraph demo

# Tests start many processes, each of which would compile the package anew where no bytecode is written.
test: $(VENV)/dev.ready        ## run the tests; COVERAGE=1 measures their coverage as well
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses=auto --dist=worksteal $(if $(COVERAGE),--cov) --ignore=tests/browser

quick: $(VENV)/dev.ready       ## run the tests that take no longer than a moment each, in less than a minute
	@PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest --numprocesses=auto -m "not slow" --ignore=tests/browser

fuzz: $(VENV)/dev.ready        ## compare derivatives of 20,000 random programs with complex steps
	@TINYGRAPH_FUZZ=$(FUZZ) OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest tests/test_fuzz.py

docs: $(VENV)/docs.ready       ## build the pages of docs/ as a site in site/
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build

lint: $(VENV)/dev.ready        ## check formatting and lint
	@$(VENV)/bin/python -m ruff format --check .
	@$(VENV)/bin/python -m ruff check .

format: $(VENV)/dev.ready      ## put right what lint complains of, where that can be done by machine
	@$(VENV)/bin/python -m ruff check --fix-only .
	@$(VENV)/bin/python -m ruff format .

types: $(VENV)/dev.ready       ## check the types
	@$(VENV)/bin/python -m mypy

oldest: $(VENV)/dev.ready      ## run the tests on the oldest versions that pyproject.toml allows
	@$(VENV)/bin/nox --keywords oldest

package: $(VENV)/dev.ready     ## build the package, install it where nothing else is, and use it there
	@$(VENV)/bin/nox --session package

clean:                         ## remove what these commands made
	rm -rf .venv .venv-audit .nox demo dist site .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find * -name __pycache__ -prune -exec rm -r {} +

# An environment belongs to one folder and one interpreter, and its mark is named after both.
# One that was moved, outlived its interpreter or was left half made has no mark, and is made anew.
owner := $(shell $(PYTHON) -c 'import os, sys, zlib; \
	print(zlib.crc32(repr((os.getcwd(), sys.base_prefix, sys.version)).encode()))' 2>/dev/null)
mark := $(VENV)/made-$(owner)

$(VENV)/%.ready: pyproject.toml $(mark)
	@echo 'Installing what this needs into $(VENV), once ...'
	@mv $(mark) $(VENV)/unfinished
	@$(PYTHON) -m pip --python $(VENV)/bin/python install -qq pip --editable '.[$*]'
	@mv $(VENV)/unfinished $(mark)
	@touch $@

$(mark):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo >&2 \
	"tinygraph needs Python 3.11 or newer, and $(PYTHON) is \"$$($(PYTHON) -V 2>&1 | sed 1q)\": name a newer one," \
	"as in make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv --clear --without-pip $(VENV)
	@touch $@
