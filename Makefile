# Every command prepares what it needs; none needs more than Python 3.11 and make.
# Settings may be given behind the command: make run WEB_PORT=8080
SHELL := /bin/sh
BIN := .venv/bin
INSTALL := mailtrap_site/embedded/install.py
APPS := mailtrap_site accounts domains sending billing

# The first Python that can make a virtual environment; without one the plain python3 says what is missing.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON = $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c '$(FITS)' 2>/dev/null && { echo $$p; exit; }; done; command -v python3)

# Ten processes start with each run: without compiled files each of them would compile the whole service anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo-mail test test-browser test-instance prove test-services lint format clean-data requirements requirements-dev requirements-saml
.DEFAULT_GOAL := help

help: ## lists these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-24s %s\n", $$1, $$2 }'

run: requirements ## starts the whole service on this machine; Ctrl-C stops it
	@STARTED_BY_MAKE=1 exec $(BIN)/python manage.py up

demo-mail: requirements ## sends a small stream of mail from the demo account of the running instance (ARGS="--seconds 60")
	@$(BIN)/python manage.py demo_mail $(ARGS)

# Tests of programs that run, alone or as a whole instance, are those of an xdist group; those of pages have a browser
# in their name.
test: requirements-dev ## runs the tests on a PostgreSQL of their own (ARGS="-k quota" chooses)
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m "not xdist_group" --ignore-glob "*_in_a_browser.py" $(ARGS)

test-browser: requirements-dev ## shows the pages to a real browser, in both themes, to a desk and to a phone
	@$(BIN)/python -m pytest -n auto $$(find $(APPS) -name "*_in_a_browser.py") $(ARGS)

test-instance: requirements-dev ## runs the tests of programs and whole instances that run, with programs of others where they are
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m xdist_group $(ARGS)

prove: requirements ## breaks an instance of its own in every way and counts its mail (ARGS="--only postgres" chooses)
	@$(BIN)/python manage.py prove $(ARGS)

test-services: requirements-dev ## the proof on PostgreSQL, RabbitMQ and Redis as others run them, where they are here
	@$(BIN)/python manage.py prove --form services $(ARGS)

# Settings that are asked for but not used.
lint: export SECRET_KEY = lint
lint: export SEALING_KEY = bGludC1saW50LWxpbnQtbGludC1saW50LWxpbnQtbGk=
lint: export DATABASE_URL = postgres://lint@127.0.0.1:1/lint
lint: requirements-dev ## style, types, import directions, templates, migrations, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python mailtrap_site/embedded/audit.py requirements.txt requirements-saml.txt requirements-dev.txt

format: requirements-dev ## puts the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean-data: ## removes var/, with all mail, accounts and secrets in it
	@test ! -x $(BIN)/python -a ! -d var || $(BIN)/python -m mailtrap_site.embedded clean

requirements-saml: ## adds what single sign-on by SAML needs; start the service anew after it
requirements requirements-dev requirements-saml:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Debian, Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) $(INSTALL) $@.txt
