# `make run` and `make test` work on a fresh machine. Output of installers goes to .make/log, which is shown if
# something fails.

SHELL := /bin/bash
VENV := .venv
STAMPS := .make
# PYTHON=python3.12 chooses another; this is the quickest of those that a fresh machine has
PYTHON ?= $$(cat $(STAMPS)/quickest)
STOPPRESS_DEMO ?= 1
export STOPPRESS_DEMO
WORKERS ?= 5

.PHONY: run test check bench install lint types scripts catalogues clean

run: $(STAMPS)/python
	@$(MAKE) --no-print-directory $(STAMPS)/bundle || echo "Continuing with plain scripts and the typefaces of this machine"
	@exec $(VENV)/bin/stoppress serve

test: lint types scripts $(STAMPS)/system $(STAMPS)/client $(STAMPS)/checkers $(STAMPS)/bundle
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal -q -rR

check: lint types scripts $(STAMPS)/system $(STAMPS)/checkers $(STAMPS)/bundle
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal -q -m "not slow"

lint: $(STAMPS)/dev
	$(VENV)/bin/ruff check .

types: $(STAMPS)/dev
	$(VENV)/bin/mypy

scripts: $(STAMPS)/node
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/node.sh npx tsc -p static/tsconfig.json

# messages of the sources into server/locales; LANGUAGE=pt begins a new one
catalogues: $(STAMPS)/dev
	$(VENV)/bin/python tools/catalogues.py $(LANGUAGE)

bench: $(STAMPS)/bench
	$(VENV)-bench/bin/python -m bench $(BENCH)

install: $(STAMPS)/python $(STAMPS)/bundle

$(STAMPS)/quickest: tools/quickest_python.sh
	@mkdir -p $(STAMPS)
	@tools/quickest_python.sh >$@

$(STAMPS)/python: pyproject.toml constraints.txt $(STAMPS)/quickest
	@tools/quietly.sh "Installing Stop Press (once)" tools/python.sh $(PYTHON) $(VENV) -e '.[assets]'
	@touch $@

$(STAMPS)/dev: $(STAMPS)/python
	@tools/quietly.sh "Installing what tests need (once)" tools/python.sh $(PYTHON) $(VENV) -e '.[assets,dev]'
	@touch $@

$(STAMPS)/fonts: static/package.json static/package-lock.json static/fonts/cuts.json tools/fonts.py $(STAMPS)/python
	@tools/quietly.sh "Cutting the typefaces (once)" tools/fonts.sh
	@touch $@

$(STAMPS)/bundle: $(wildcard static/reader/*.js static/console/*.js static/console/composer/*.js static/console/furniture/*.js static/css/*.css static/css/*/*.css) tools/bundle.sh tools/bundle.py server/web/assets.py $(STAMPS)/fonts
	@tools/quietly.sh "Bundling scripts and style sheets" tools/bundle.sh
	@touch $@

$(STAMPS)/system: tools/system.sh $(STAMPS)/dev
	@tools/quietly.sh "Looking for Chromium, PostgreSQL, Redis and proxies" tools/system.sh
	@touch $@

$(STAMPS)/client: tools/client.sh $(STAMPS)/dev
	@tools/quietly.sh "Installing a generator of API clients (once)" tools/client.sh $(PYTHON) $(VENV)-client
	@touch $@

$(STAMPS)/node: static/package.json static/package-lock.json $(STAMPS)/dev $(STAMPS)/fonts
	@tools/quietly.sh "Installing TypeScript (once)" tools/node.sh npm ci --prefix static --no-audit --no-fund
	@touch $@

$(STAMPS)/checkers: tests/checkers/package.json tests/checkers/package-lock.json $(STAMPS)/node
	@tools/quietly.sh "Installing axe, Lighthouse and the Nu HTML checker (once)" tools/node.sh npm ci --prefix tests/checkers --no-audit --no-fund
	@touch $@

$(STAMPS)/bench: pyproject.toml constraints.txt tools/bench.sh $(STAMPS)/quickest
	@tools/quietly.sh "Installing what the benchmark needs (once)" tools/bench.sh $(PYTHON) $(VENV)-bench
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-bench $(VENV)-client $(STAMPS) static/node_modules tests/checkers/node_modules static/fonts/*.woff2 static/fonts/faces.css static/reader/dist static/console/dist static/css/dist .mypy_cache .ruff_cache .pytest_cache
