# Every command a developer runs. Each target does its own set-up, so a fresh clone needs only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation

.PHONY: demo run test bench check format widget screenshots wordpress lock clean
demo: .venv/run.stamp
	$(BIN)/mpower-stream demo

run: .venv/run.stamp
	$(BIN)/mpower-stream run

test: .venv/dev.stamp .venv/browser.stamp .venv/minify.stamp .venv/wordpress.stamp
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

bench: .venv/dev.stamp .venv/browser.stamp .venv/bench.stamp
	$(BIN)/python -m benchmarks.run $(ARGS)

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# After a change in web/widget: its served files anew.
widget: .venv/python.stamp .venv/minify.stamp
	$(BIN)/python -m tools.widget

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "mPOWER Stream needs Python 3.11 or newer. Install it, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@touch $@

.venv/run.stamp: .venv/python.stamp requirements/run.txt pyproject.toml
	@echo "Installing what the program needs …"
	@$(PIP_INSTALL) -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@echo "Installing what the tests and checks need …"
	@$(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

# Contestants are kept apart: what they need must not change what the program runs on.
.venv/bench.stamp: .venv/run.stamp requirements/bench.txt benchmarks/peers/package-lock.json
	@echo "Installing those that the program is measured against …"
	@$(PYTHON) -m venv .venv/bench
	@.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation -r requirements/bench.txt \
		|| $(BIN)/python -m benchmarks.onebyone .venv/bench/bin/python requirements/bench.txt
	@sh benchmarks/peers.sh
	@touch $@

# The browser is Debian's: the tests drive it where it is, and say so where it cannot be had.
.venv/browser.stamp: .venv/python.stamp tests/browser/install.sh
	@sh tests/browser/install.sh
	@touch $@

# What the plugin's tests need; `make wordpress` tries again where it could not be had before.
.venv/wordpress.stamp: .venv/python.stamp
	@sh tests/integrations/install.sh
	@touch $@

wordpress:
	@sh tests/integrations/install.sh
# The widget's served files are in the repository; only whoever changes them, and the test that compares, needs npm.
.venv/minify.stamp: .venv/python.stamp tools/minify/package-lock.json
	@npm ci --prefix tools/minify --ignore-scripts --no-audit --no-fund --silent && touch $@ \
		|| echo "npm is missing or cannot install terser: the test that makes the widget's files anew will be skipped."

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade
# The README's pictures, taken by the tests.
screenshots: .venv/dev.stamp .venv/browser.stamp
	$(BIN)/python -m pytest tests/browser/test_demo_pages.py
	mkdir -p docs && cp var/screenshots/host-page.png var/screenshots/queue.png docs/

# New versions, with hashes and without download addresses. Needs uv (make no other target depend on it).
lock:
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	.venv-lock/bin/$(COMPILE) --group build -o requirements/build.txt
	.venv-lock/bin/$(COMPILE) pyproject.toml --extra learn -o requirements/run.txt
	.venv-lock/bin/$(COMPILE) pyproject.toml --extra learn --group dev -o requirements/dev.txt
	.venv-lock/bin/$(COMPILE) --group bench -o requirements/bench.txt
	rm -rf .venv-lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
