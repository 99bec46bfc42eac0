# RUKO: everything a developer types. Needs Python 3.11 or newer, make and git; nothing else.

.DEFAULT_GOAL := help
.PHONY: help run test lint format coverage messages pictures clean FORCE
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$python; break; }; done)

# What decides whether an installation is still the right one.
INPUTS := pyproject.toml hatch_build.py package.json package-lock.json static/icons.txt
# Each file on one of two workers, which have a database each.
BOTH_CORES := -n 2 --dist loadfile
# Browsers wait for servers of their own; more of them would only wait for each other.
BROWSERS := -n 3 --dist loadfile
CATALOGS := $(wildcard translations/*/LC_MESSAGES/messages.po)
PACKAGES := ruko booking kiosk display desk api

# Two stamps in the environment: installed to run, installed to test.
RUNNABLE := $(VENV)/ruko-run
TESTABLE := $(VENV)/ruko-test

INSTALL = $(BIN)/python -m pip install -qq --disable-pip-version-check
ADVICE = { echo "RUKO could not be installed; the reason stands above. If it is the network:" \
	"connect this computer to the internet once and run the command again." >&2; exit 1; }

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

run: $(RUNNABLE) $(CATALOGS:.po=.mo) ## start a complete demo office (ARGS="--port 8001" is passed on)
	@exec $(BIN)/ruko demo $(ARGS)

test: lint ## check everything and run all tests, on SQLite and on PostgreSQL
	@tests/setup.sh $(BIN)/python
	@echo "== pytest on SQLite"
	@$(BIN)/python -m pytest $(BOTH_CORES) -m "not browser"
	@echo "== pytest in the browser"
	@$(BIN)/python -m pytest $(BROWSERS) -m browser
	@if $(BIN)/python -m tests.postgres >/dev/null; then \
		echo "== pytest on PostgreSQL"; \
		RUKO_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(BOTH_CORES) -m "not browser and not once"; \
	fi

lint: $(TESTABLE) $(CATALOGS:.po=.mo) ## check style, types, import rules and templates
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/djlint templates --check --lint

format: $(TESTABLE) ## put code and templates in order
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(BIN)/djlint templates --reformat --quiet

coverage: $(TESTABLE) $(CATALOGS:.po=.mo) ## show which lines of the house no test reaches
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -m "not browser"
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

messages: $(TESTABLE) ## collect the texts into translations/, then compile them
	@$(BIN)/pybabel --quiet extract -F pyproject.toml -k lazy_gettext -k _l --no-location \
		--sort-output --project=RUKO --version=0 --msgid-bugs-address=RUKO -o $(VENV)/messages.pot $(PACKAGES) templates
	@for language in id en; do \
		if [ -f translations/$$language/LC_MESSAGES/messages.po ]; then verb="update --no-fuzzy-matching --ignore-pot-creation-date"; \
		else verb=init; fi; \
		$(BIN)/pybabel --quiet $$verb -i $(VENV)/messages.pot -d translations -l $$language || exit 1; \
	done
	@$(BIN)/pybabel --quiet compile -d translations

pictures: $(TESTABLE) ## take the README's pictures anew, in the browser tests
	@$(BIN)/python -m pytest -q $(BROWSERS) -m browser
	@$(BIN)/python docs/pictures.py

clean: ## remove everything that make has made
	rm -rf $(VENV) static/vendor build dist .coverage .coverage.* .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis
	find translations -name '*.mo' -delete 2>/dev/null || true
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

%.mo: %.po
	@$(BIN)/pybabel --quiet compile -i $< -o $@

# An environment whose Python is gone, or that was made elsewhere, is made anew.
HERE := $(shell $(BIN)/python -c '' 2>/dev/null && grep -sxF "$(CURDIR)" $(VENV)/ruko-place)
$(VENV)/ruko-place: $(if $(HERE),,FORCE)
	@test -n "$(PYTHON)" || { echo "RUKO needs Python 3.11 or newer; none was found." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python could not make an environment;" \
		"on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "$(CURDIR)" >$@

$(RUNNABLE): $(INPUTS) $(VENV)/ruko-place
	@echo "Installing RUKO into $(VENV); this is needed once and takes a minute or two ..."
	@$(INSTALL) -e . || $(ADVICE)
	@touch $@

$(TESTABLE): $(INPUTS) $(VENV)/ruko-place
	@echo "Installing RUKO and its tests into $(VENV); this is needed once ..."
	@$(INSTALL) -e '.[test]' || $(ADVICE)
	@touch $(RUNNABLE) $@
