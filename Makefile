# Development tasks. `make help` prints the text after each double hash.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run cluster check test faults rotation soak lint audit coverage bench bench-servers bench-scale bench-audit guesses weights screenshots pictures guide messages lock help sqlite postgresql tools compiled

# For two cores: while one worker waits for a server, a lease, or a time step, another one works.
WORKERS ?= 3
# On PostgreSQL, a test worker waits for the database as well.
WORKERS_WAITING ?= 5

# Each test worker would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := $(or $(shell command -v python3.11),python3)
BIN := .venv/bin
UV := $(shell command -v uv)
INSTALL := $(if $(UV),$(UV) pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q --disable-pip-version-check)
LOCK := $(or $(UV),uv) pip compile -q $(UPGRADE) --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url
PYTEST := $(BIN)/python -m pytest --dist worksteal
# Run once, on SQLite only, because PostgreSQL cannot make a difference: tests of the source code, of gateways and fixtures without a
# database, of the browser, and of timing. tests/house/test_twice.py keeps everything else off this list.
ONCE := tests/house tests/help tests/packaging tests/support tests/gateways tests/browser tests/guide tests/speed/test_page_weight.py tests/speed/test_static_files.py tests/words/test_refusals.py tests/queue/test_hanging.py tests/blueprints/public/test_sign_in_takes_as_long.py tests/server/test_worker.py tests/test_journal.py tests/web/test_https.py tests/blueprints/public/test_strangers.py tests/blueprints/shared/test_protection.py tests/blueprints/public/test_practice_run.py tests/blueprints/public/test_pictures.py tests/blueprints/test_bench/test_mailbox.py tests/blueprints/test_bench/test_phone.py tests/blueprints/test_bench/test_scenarios.py tests/canary/test_shown_secrets.py tests/canary/test_watched.py tests/faults/test_processes.py tests/speed/test_slow_clients.py tests/web/test_behind_nginx.py tests/queue/test_kannel.py tests/watch/test_logs.py tests/watch/test_metrics.py tests/watch/test_metrics_folder.py tests/settings/test_every_setting.py tests/settings/test_read_only.py
# What `make check` runs: tests of the source code, and everything that is quick in one process.
QUICK := tests/house tests/cli tests/server tests/help tests/flows tests/methods tests/gateways tests/migrations tests/words tests/settings tests/forms $(wildcard tests/test_*.py)
SOAK := tests/machine tests/races/test_overload.py tests/queue/test_faults.py tests/blueprints/public/test_strangers.py tests/blueprints/public/test_too_many_passwords.py tests/blueprints/recovery/test_floods.py

run: export HOST ?= 127.0.0.1
run: export PORT ?= 5000
run: export PORTAL_INSTANCE ?= $(CURDIR)/instance
run: export PORTAL_TEST_BENCH ?= 1
run: export PORTAL_SMS_COUNTRIES ?= US,CA,KR
run: export PORTAL_WORKER ?= 1
run: export PORTAL_LOG ?= text
run: export PORTAL_PASSKEYS ?= 1
run: export PORTAL_CONFIRM_NEW_BROWSERS ?= choice
run: .venv/runtime  ## Migrate, seed the demo accounts, and serve on http://HOST:PORT (and http://localhost:PORT), with the queue worker and the test bench
	@$(BIN)/flask --app wsgi db upgrade
	@$(BIN)/flask --app wsgi demo seed
	@$(BIN)/gunicorn wsgi:app

check: lint  ## Lint, then run the tests that need neither a browser nor a server (two minutes)
	$(PYTEST) -n $(WORKERS) --database=sqlite $(QUICK)

test:  ## Lint, then run every test on SQLite, and those that use the database on PostgreSQL too
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=line lint tools compiled  # one loads and unpacks while the others compute
	@$(MAKE) --no-print-directory sqlite
	@$(MAKE) --no-print-directory postgresql

sqlite: .venv/development tools
	$(PYTEST) -n $(WORKERS) --database=sqlite

postgresql: .venv/development tools
	$(PYTEST) -n $(WORKERS_WAITING) --database=postgresql $(addprefix --ignore=,$(ONCE))

coverage: .venv/development tools  ## Report branch coverage, on SQLite and of what PostgreSQL alone reaches; methods, flows, policy, and crypto must have 100 %
	$(PYTEST) -n $(WORKERS) --database=sqlite --cov --cov-report=
	$(PYTEST) -n $(WORKERS) --database=postgresql --cov --cov-append --cov-report= tests/blueprints/wizard/test_text_messages.py tests/flows/practice/test_team.py tests/flows/operator tests/test_audit_role.py tests/flows/audit
	$(BIN)/coverage report
	$(BIN)/coverage report --fail-under=100 --include='portal/methods/*,portal/flows/*,portal/policy.py,portal/crypto.py'

soak: export SOAK_SEED := $(or $(SOAK_SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
soak: .venv/development tools  ## Run the long randomized tests in full with a new seed; SOAK_SEED=… repeats a run
	@echo "SOAK_SEED=$(SOAK_SEED)"
	$(PYTEST) -n $(WORKERS) --database=sqlite $(SOAK) tests/browser/test_every_page.py
	$(PYTEST) -n $(WORKERS) --database=postgresql $(SOAK)

rotation: export ROTATION_ACCOUNTS ?= 10000
rotation: .venv/development tools  ## Rotate the keys of ROTATION_ACCOUNTS accounts while people sign in, killed in the middle, on both databases
	$(PYTEST) -n 0 -s --database=sqlite tests/keys/test_rotation_killed.py
	$(PYTEST) -n 0 -s --database=postgresql tests/keys/test_rotation_killed.py

cluster: .venv/development  ## Start what a health system would run, on this machine: PostgreSQL that fails over, Redis, proxies, two application servers
	@sh tests/support/install.sh cluster
	@$(BIN)/python -m tests.cluster

faults: .venv/development tools  ## Break that cluster under load in 40 rounds (half an hour), compare what people were told with what is so, write docs/faults.md
	@sh tests/support/install.sh cluster
	@$(BIN)/python -m tests.faults.guide
	@$(BIN)/python -m tests.faults

compiled: .venv/development  # each test worker would compile every module of a fresh clone; what is wrong with one, its run says
	@$(PYTEST) -qq -n 0 --collect-only >/dev/null 2>&1 || true

tools:  # a browser, a QR code reader, an independent authenticator
	@sh tests/support/install.sh

lint: .venv/development  ## Check code and templates with ruff, mypy, and djlint, and list overlong files and functions
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/djlint portal/templates --lint --quiet
	@$(BIN)/python -m tests.house.sizes

audit: .venv/audit/done  ## Look up known weaknesses of the locked packages with pip-audit, or in a copy of PyPA's advisories (ADVISORIES=folder)
	@$(BIN)/python -m tests.support.audit

bench: export BEFORE ?= e13b237
bench: .venv/development  ## Measure this commit beside a minimal app and an earlier commit (BEFORE=…), and write bench/README.md
	$(BIN)/python -m bench

bench-servers: .venv/development  ## Measure the servers that were considered, alone and beside slow clients, and write bench/README.md
	$(BIN)/python -m bench.servers

bench-scale: export ACCOUNTS ?= 100000
bench-scale: .venv/development  ## Compare each step with a thousand accounts and with ACCOUNTS=…, on SQLite or with DATABASE=postgresql
	$(BIN)/python -m bench.scale

bench-audit: export EVENTS ?= 1000000
bench-audit: .venv/development  ## Seal, verify, and export an audit trail of EVENTS=…, on SQLite or with DATABASE=postgresql
	$(BIN)/python -m bench.audit

guesses: .venv/development  ## Guess 10,000 codes a minute at fifty accounts while twenty of their owners sign in, and write bench/README.md
	$(BIN)/python -m bench.guesses

weights: .venv/development tools  ## Weigh a first visit in each language beside English, and write bench/README.md
	$(BIN)/python -m bench.first_visit

screenshots: pictures  ## Draw the pictures, and take screenshots of every page, light and dark, phone and desktop, in ./screenshots
	$(BIN)/python -m tests.support.screenshots

pictures: .venv/development tools  ## Draw the pictures in Help's articles anew
	$(BIN)/python -m pytest -q -n 0 --database=sqlite --draw-pictures tests/blueprints/public/test_pictures.py

guide: .venv/development  ## Print each line of the help article, what it promises, and the tests that walk it
	@$(BIN)/python -m tests.support.guide

messages: .venv/development  ## Collect what is marked for translation in portal/translations, and update every catalogue
	$(BIN)/python -m tests.support.messages

lock:  ## Pin the dependencies in setup.cfg (needs uv); UPGRADE=--upgrade takes the newest versions
	$(LOCK) setup.cfg -o requirements.lock
	$(LOCK) --extra postgres --extra redis setup.cfg -o requirements-production.lock
	$(LOCK) --extra postgres --extra redis --extra otel setup.cfg -o requirements-traces.lock
	$(LOCK) --extra test-bench setup.cfg -o requirements-test-bench.lock
	$(LOCK) --extra dev setup.cfg -o requirements-dev.lock
	$(LOCK) --group audit -o requirements-audit.lock

help:  ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name words; do printf '  make %-13s %s\n' "$$name" "$$words"; done

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ".")'
	$(PYTHON) -m venv .venv

# Stamps of the two package sets. make reinstalls a set if its lock is newer than its stamp.
.venv/runtime: requirements-test-bench.lock | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements-test-bench.lock
	$(INSTALL) --no-deps -e .
	@touch $@

.venv/development: requirements-dev.lock | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps -e .
	@touch $@ .venv/runtime

# An environment of its own, so that what looks at packages brings none into what it looks at.
.venv/audit/done: requirements-audit.lock | .venv/development
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $@
