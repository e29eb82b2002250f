# make demo   set everything up and hear the hotline work
# make test   set up and pass all tests
# make check  the fast part: ruff, mypy, unit tests
PYTHON ?= $(firstword $(foreach v,python3.11 python3.12 python3,$(shell command -v $(v) 2>/dev/null)))
BIN := .venv/bin

.PHONY: setup dev demo test test-parts test-hotlines test-desk test-strain check models models-test bench clean

setup: .venv/.ready

.venv/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is missing: apt-get install python3 python3-venv"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || \
	  { echo "$$($(PYTHON) --version) found, 3.11 or 3.12 is needed (the SIP library has no wheel for others): make PYTHON=python3.12; without one: uv python install 3.12 && make PYTHON=\$$(uv python find 3.12)"; exit 2; }
	@$(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv; echo "Python's venv module is missing: apt-get install python3-venv"; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

dev: .venv/.dev

.venv/.dev: .venv/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: setup
	$(BIN)/ivr demo

test: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 tests/unit
	$(MAKE) --jobs=2 --output-sync=target test-parts test-hotlines
	$(MAKE) --jobs=2 --output-sync=target test-desk test-strain

# Lanes side by side, for they mostly wait: one for the parts, two for whole hotlines; then one for browsers, one for what
# strains the machine. No port is wanted in two of them; a file's tests stay together, for they may share a hotline.
test-parts:
	$(BIN)/pytest -m "not whole_hotline and not alone" tests/integration

test-hotlines:
	$(BIN)/pytest -n 2 --dist loadfile -m whole_hotline tests/integration

test-desk:
	$(BIN)/pytest -m alone tests/integration/console

test-strain:
	$(BIN)/pytest -m alone --ignore=tests/integration/console tests/integration

check: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 tests/unit

# HUMAN: the folder of human recordings (training/README.md names the public collections).
models: .venv/.ready
	@test -n "$(HUMAN)" || { echo "say where the human recordings are: make models HUMAN=DIR (training/README.md)"; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[training]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps ttskit==0.3.8  # for its voices' weights alone
	$(BIN)/python -m training all --human "$(HUMAN)"

models-test: setup
	$(BIN)/ivr models eval models/zh-small tests/clips/zh
	$(BIN)/ivr models eval models/en-small tests/clips/en

bench: setup
	$(BIN)/ivr bench

clean:
	rm -rf .venv var build *.egg-info
