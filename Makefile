# One command to run, one to test. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KERNELS := $(shell find outpace -name '*.pyx' -o -name '*.pxd')

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

.PHONY: run
run: build ## set everything up, run the demo campaign and serve its console while it runs
	$(BIN)/outpace run examples/demo.toml --again --open

.PHONY: build
build: build/.built ## .venv with the project in it, extensions compiled in place

$(VENV)/.installed: pyproject.toml tools/venv.sh
	tools/venv.sh $(PYTHON) $(VENV)

# Changed directives or flags touch every module; a changed source touches those that Cython finds to depend on it.
build/.built: $(VENV)/.installed setup.py $(KERNELS)
	$(if $(filter setup.py,$?),rm -rf build/cython)
	@echo "compiling the extensions: a few minutes the first time"
	$(BIN)/python setup.py --quiet build_ext --inplace
	@mkdir -p build && touch $@

$(VENV)/.tested: $(VENV)/.installed
	tools/requirements.sh $(BIN)/python test
	@touch $@

.PHONY: dev
dev: build $(VENV)/.tested ## build, and what lint, tests and benches need

.PHONY: test
test: dev ## everything that CI runs; OUTPACE_LAB=off leaves the real switch out
	tools/test.sh lint types tests debug wheel bench

.PHONY: lint types test-debug wheel
lint: dev ## ruff, cython-lint, codespell
	tools/test.sh lint
types: dev ## mypy --strict, and every stub against its compiled module
	tools/test.sh types
test-debug: dev ## unit and property tests on a build with bounds and division checks
	tools/test.sh debug
wheel: dev ## build the wheel into dist/, check it, run examples/embed.py on it
	tools/test.sh wheel

.PHONY: test-unit
test-unit: dev ## quick tests only: unit, property, tidy
	tools/test.sh unit

.PHONY: bench
bench: dev ## all benches; figures to the terminal and to docs/bench/
	PYTHON=$(CURDIR)/$(BIN)/python bench/peers.sh
	@mkdir -p build/bench
	$(BIN)/python -m pytest bench -rP --benchmark-json=build/bench/figures.json --junitxml=build/bench/tests.xml \
	    -o junit_logging=system-out
	$(BIN)/python tools/bench_report.py build/bench/figures.json build/bench/tests.xml docs/bench

.PHONY: pacing-report
pacing-report: dev ## pacing against its bars and rivals, on both cores for half an hour: docs/pacing/DATE.md
	$(BIN)/python tools/pacing_report.py docs/pacing $(PACING)

.PHONY: screenshots
screenshots: dev ## the console's pictures in docs/screenshots, taken by the browser tests
	@mkdir -p docs/screenshots
	OUTPACE_SCREENSHOTS=$(CURDIR)/docs/screenshots $(BIN)/python -m pytest tests/browser

.PHONY: clean
clean: ## remove what was built; keeps .venv and var/
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find outpace -name '*.so' -delete
	find outpace tests bench -name __pycache__ -prune -exec rm -rf {} +
	rm -f $(VENV)/.installed
