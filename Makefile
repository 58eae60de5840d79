# make demo    set up, make the example's input, run the whole analysis
# make test    set up, then lint, types, import contracts and tests
# Everything is installed into .venv; PYTHON chooses the interpreter that makes it (at least 3.11).

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# On continuous integration the versions are pinned, so that a run can be repeated.
PIN = $(if $(CI),--constraint tools/constraints.txt)
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIN)
ENGINE = CMakeLists.txt pyproject.toml $(wildcard src/wilks/engine/*)

.PHONY: demo test lint types contracts unit sanitize bench clean

demo: $(VENV)/.installed
	$(BIN)/python examples/ttbar/generate.py
	$(BIN)/wilks run examples/ttbar/config.yml --output wilks-output

test: lint types contracts unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

contracts: $(VENV)/.test
	$(BIN)/lint-imports

unit: $(VENV)/.test
	$(BIN)/python -m pytest -q

# The C++ engine under AddressSanitizer and UndefinedBehaviorSanitizer (in a virtual environment of its own).
sanitize:
	$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv .venv-sanitize
	.venv-sanitize/bin/python -m pip install --quiet --disable-pip-version-check $(PIN) ".[test]" -C cmake.define.WILKS_SANITIZE=ON -C build-dir=build/sanitize
	LD_PRELOAD="$$(c++ -print-file-name=libasan.so) $$(c++ -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
	  .venv-sanitize/bin/python -m pytest -q -p no:cacheprovider tests/engine tests/model tests/fitting/test_mle.py tests/fitting/test_many.py

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/scale.py

$(VENV)/.installed: $(ENGINE)
	@command -v $(PYTHON) >/dev/null || { echo "wilks needs Python 3.11 or newer, and \"$(PYTHON)\" was not found: install it, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(PIP) --editable ".[test]"
	@touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(PIP) --editable ".[bench]"
	@touch $@

clean:
	rm -rf $(VENV) .venv-sanitize build wilks-output examples/ttbar/input
