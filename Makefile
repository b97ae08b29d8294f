# Two commands do everything on a fresh machine: `make plan` and `make test`.
# Python 3.11 or newer is all they need; what apt must bring (the venv module on Debian) they install.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PEERS := .venv-peers
RUN := runs/pakistan
# Solves use the cores themselves; two test processes share them well: three take as long.
WORKERS ?= 2
# The tests of a module share what they solve, a server or a browser: a process takes all of them, in the order of conftest.py.
SHARED_OUT := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Many tests start processes: each would compile the package anew where Python may not write bytecode.
COMPILE := $(BIN)/python -m compileall -q hubplanner

# A process of tests rewrites the asserts of two hundred modules, unless an earlier one was let keep them.
test test-unit: export PYTHONDONTWRITEBYTECODE :=

TEMPLATE := hubplanner/languages/hubplanner.pot

.PHONY: plan test test-unit lint mutate words docs bench bench-full peers picture clean

plan: .venv/ready
	$(BIN)/hubplanner solve scenarios/pakistan.yaml --out $(RUN)
	@echo "Open $(RUN)/report.html in a browser, $(RUN)/plan.gpkg in QGIS and $(RUN)/hubs.csv in a spreadsheet."

# COVERAGE=yes also measures which lines are run and holds them above 95 %; that takes half as long again.
test: .venv/ready-dev .venv/programs
	$(COMPILE)
	$(BIN)/python -m pytest $(SHARED_OUT) $(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=95)

# Parts that need neither a solver nor files, in a minute: for each change, before the rest. The folders are named since
# the others take longer to import than these to run.
test-unit: .venv/ready-dev
	$(COMPILE)
	$(BIN)/python -m pytest $(SHARED_OUT) -m "unit and not slow" hubplanner $(addprefix tests/,formats model problem scenario)

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Changes what decides whether a plan is believed, a thing at a time, and counts those that tests find: some minutes.
mutate: .venv/ready-dev
	$(BIN)/pip install --quiet --disable-pip-version-check mutmut
	$(BIN)/python tests/mutants.py

# The texts of app and report as a template for translators; a test holds it to the code.
words: .venv/ready-dev
	$(BIN)/pybabel -q extract -F babel.cfg --add-location=file --no-wrap --sort-by-file --project hubplanner \
		--copyright-holder "the authors of hubplanner" --msgid-bugs-address "" -o $(TEMPLATE) hubplanner

# The documents as a site, with every notebook run and every example solved; a test builds it without these.
docs: .venv/ready-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open build/docs/index.html, or search it too: $(BIN)/python -m http.server --directory build/docs"

# Hours, and all of it days. What is measured is kept: stop it when you like, and it goes on from there.
bench: .venv/ready-dev $(PEERS)/ready
	$(BIN)/python tests/benchmarks/run.py
	$(BIN)/python tests/benchmarks/roads.py
	$(BIN)/python tests/benchmarks/terrain.py

bench-full: .venv/ready-dev $(PEERS)/ready
	$(BIN)/python tests/benchmarks/run.py --full

peers: $(PEERS)/ready

# README's pictures: the national plan, the app, the report, the frontier.
picture: plan .venv/ready-dev .venv/programs
	cp $(RUN)/map.png scenarios/pakistan.png
	$(BIN)/python tests/pictures.py

clean:
	rm -rf .venv $(PEERS) build dist runs *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/ready: setup.cfg pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/ready-dev: setup.cfg pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/ready

# What the benchmarks set beside hubplanner, apart from it.
$(PEERS)/ready: tests/benchmarks/peers.txt | .venv/bin/python
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --requirement tests/benchmarks/peers.txt
	@touch $@

# The report and the app are tested in a real browser, plan.gpkg in QGIS, databases on a real PostgreSQL with PostGIS;
# without apt-get those tests are skipped.
.venv/programs: | .venv/bin/python
	@{ command -v chromium && /usr/bin/python3 -c 'import qgis.core' && \
		ls /usr/share/postgresql/*/extension/postgis.control; } >/dev/null 2>&1 || ! command -v apt-get >/dev/null || \
		{ echo "installing chromium, QGIS and PostGIS"; $(SUDO) apt-get update -qq && \
		  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-noto-core python3-qgis postgresql postgresql-postgis; }
	@touch $@

# Debian ships Python without ensurepip; its package python3-venv brings it.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "hubplanner needs Python 3.11 or newer; none found on the path" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "installing python3-venv"; $(SUDO) apt-get update -qq && \
		  $(SUDO) apt-get install -y -qq python3-venv; }
	$(PYTHON) -m venv .venv
