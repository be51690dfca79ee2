# What can be done here. `make help` prints the lines behind the two hashes.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: run check test soak lint coverage bench screenshots lock help sqlite postgresql tools

WORKERS ?= 2
# Beside PostgreSQL a worker often waits for the server.
WORKERS_WAITING ?= 3

PYTHON := $(or $(shell command -v python3.11),python3)
BIN := .venv/bin
UV := $(shell command -v uv)
INSTALL := $(if $(UV),$(UV) pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q --disable-pip-version-check)
LOCK := $(or $(UV),uv) pip compile -q $(UPGRADE) --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url
PYTEST := $(BIN)/python -m pytest --dist worksteal
# What PostgreSQL cannot answer differently runs once, on SQLite: the source read as text, gateways and fixtures that know no
# database, what is asked of the browser, and what is timed. tests/house/test_twice.py holds that nothing else comes onto this list.
ONCE := tests/house tests/packaging tests/support tests/gateways tests/browser tests/guide tests/speed/test_page_weight.py tests/queue/test_hanging.py tests/blueprints/public/test_sign_in_takes_as_long.py
# What `make check` runs: the rules of the house, and everything that is quick in one process.
QUICK := tests/house tests/flows tests/methods tests/gateways tests/migrations tests/words tests/settings tests/forms $(wildcard tests/test_*.py)
SOAK := tests/machine tests/queue/test_faults.py

run: export HOST ?= 127.0.0.1
run: export PORT ?= 5000
run: export PORTAL_INSTANCE ?= $(CURDIR)/instance
run: export PORTAL_TEST_BENCH ?= 1
run: export PORTAL_SMS_COUNTRIES ?= US,CA,KR
run: export PORTAL_WORKER ?= 1
run: .venv/runtime  ## Migrate, seed the demo accounts, serve on http://HOST:PORT (and http://localhost:PORT) and carry mails and texts, the test bench switched on
	@$(BIN)/flask --app wsgi db upgrade
	@$(BIN)/flask --app wsgi demo seed
	@$(BIN)/gunicorn wsgi:app

check: lint  ## In two minutes: lint, then what needs neither a browser nor a server
	$(PYTEST) -n $(WORKERS) --database=sqlite $(QUICK)

test: lint tools sqlite postgresql  ## Lint, then run every test on SQLite, and all that meet the database on PostgreSQL as well

sqlite: .venv/development tools
	$(PYTEST) -n $(WORKERS) --database=sqlite

postgresql: .venv/development tools
	$(PYTEST) -n $(WORKERS_WAITING) --database=postgresql $(addprefix --ignore=,$(ONCE))

coverage: .venv/development tools  ## Say what no test reaches on SQLite; in methods, flows, policy and crypto that must be nothing
	$(PYTEST) -n $(WORKERS) --database=sqlite --cov --cov-report=
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='portal/methods/*,portal/flows/*,portal/policy.py,portal/crypto.py'

soak: export SOAK_SEED := $(or $(SOAK_SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
soak: .venv/development tools  ## Run the long runs by chance whole, with a fresh seed; SOAK_SEED=… repeats one
	@echo "SOAK_SEED=$(SOAK_SEED)"
	$(PYTEST) -n $(WORKERS) --database=sqlite $(SOAK)
	$(PYTEST) -n $(WORKERS) --database=postgresql $(SOAK)

tools:  # a browser, a reader of QR codes, an authenticator that is not ours
	@sh tests/support/install.sh

lint: .venv/development  ## Read the code and the templates: ruff, mypy, djlint; name what has grown too long
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint portal/templates --lint --quiet
	@$(BIN)/python -m tests.house.sizes

bench: .venv/development  ## Measure requests per second beside a bare floor, into bench/README.md
	$(BIN)/python -m bench

screenshots: .venv/development tools  ## Photograph every page, light and dark, phone and desktop, into ./screenshots
	$(BIN)/python -m tests.support.screenshots

lock:  ## Pin what setup.cfg asks for, the one target that needs uv; UPGRADE=--upgrade takes the newest of everything
	$(LOCK) setup.cfg -o requirements.lock
	$(LOCK) --extra dev setup.cfg -o requirements-dev.lock

help:  ## Print this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name words; do printf '  make %-12s %s\n' "$$name" "$$words"; done

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ".")'
	$(PYTHON) -m venv .venv

# The two sets of packages. Each stamp is older than its lock when the lock changed, and make then installs again.
.venv/runtime: requirements.lock | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps -e .
	@touch $@

.venv/development: requirements-dev.lock | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps -e .
	@touch $@ .venv/runtime
