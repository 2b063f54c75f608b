# Every target installs what it needs first (into .tools/, git-ignored) and reuses what is there.
# ARGS goes to the program that the target runs: make demo ARGS='--fresh --shop-addr 127.0.0.1:9000'

SHELL := bash
ONFILE := target/release/onfile
STEP = @printf '[%(%H:%M:%S)T] %s\n' -1

CARGO_TEST := cargo $(if $(shell command -v cargo-nextest),nextest run,test) --locked

export SQLX_OFFLINE := true

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo build test soak bench fmt lint clean
.PHONY: setup setup-build frontend binary fmt-check unit-tests sdk-tests browser-tests postgres-tests

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## build everything and run the demo: the shop, the widget, the admin page
	$(STEP) 'starting the demo'
	@exec $(ONFILE) demo $(ARGS)

build: setup-build frontend binary ## the release binary with both pages inside it

test: setup fmt-check frontend lint binary unit-tests sdk-tests browser-tests postgres-tests ## every check there is
	$(STEP) 'everything passed'

soak: setup-build frontend binary ## the fault campaigns, long: kills, power cuts, broken disks and networks, crashes; half an hour
	@scripts/soak.sh $(ARGS)

bench: setup-build frontend ## measure speed and size; takes minutes of an otherwise idle machine
	@scripts/bench.sh $(ARGS)

fmt: ## format the code
	@cargo fmt --all

lint: ## clippy on everything, warnings forbidden; query data up to date; licences and sources where cargo-deny is installed
	$(STEP) 'clippy'
	@cargo clippy --locked --workspace --all-targets -- -D warnings
	@scripts/check-wasm.sh
	@scripts/sqlx-prepare.sh --check
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check --hide-inclusion-graph bans licenses sources; fi

clean: ## remove what was built; keeps .tools/ and data/
	rm -rf target dist

# the parts of the above

setup:
	@scripts/setup.sh

setup-build:
	@scripts/setup.sh node wasm

frontend: ## the two pages into dist/, compressed; nothing when nothing changed
	@scripts/frontend.sh

binary:
	$(STEP) 'release binary'
	@cargo build --locked --release -p backend --bin onfile

fmt-check:
	$(STEP) 'formatting'
	@cargo fmt --all --check

unit-tests: ## the tests in Rust
	$(STEP) 'tests in Rust'
	@scripts/postgres.sh $(CARGO_TEST) --workspace

sdk-tests: ## the official Python SDK against the built binary
	@scripts/test-sdk.sh

browser-tests: ## the pages in headless Chromium against the built binary
	@scripts/test-browser.sh

# --workspace also here: with another choice of packages their features differ, and all is built again
postgres-tests: ## those of the APIs, the SDK and the pages once more, with their data on PostgreSQL
	$(STEP) 'the same on PostgreSQL'
	@ONFILE_TEST_DATABASE=postgres scripts/postgres.sh bash -c \
		'$(CARGO_TEST) --workspace --test api && scripts/test-sdk.sh && scripts/test-browser.sh'
