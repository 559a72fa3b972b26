# make demo   watch the library talk to a platform on this machine
# make test   run the tests
# make check  all that CI runs: format, lint, types, tests with branch coverage
# make soak   20 000 orders under random faults and kills: ten minutes
# make bench  measure what calls cost beside other clients, and write benchmarks/results: five minutes

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test check soak bench format clean

demo: $(READY)
	$(BIN)/python -m qqminigame demo

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

soak: $(READY)
	$(BIN)/python tests/soak.py --orders 20000

bench: $(READY)
	$(BIN)/python -m benchmarks --save

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist *.egg-info .coverage* .*_cache .hypothesis

$(READY): setup.cfg setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)
