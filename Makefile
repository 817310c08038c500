# Everything that is run by hand or by continuous integration. `make help` lists it.
#
# PROFILE=release  build the gateway of `make demo` and `make bench` optimised (slower to build, faster to run)
# ARGS="…"         more arguments for `gatehouse demo`, or for tests/conformance/run.sh
# TARGET=…         the fuzz target
# CARGO_FLAGS=…    flags for every cargo call (default: --locked)

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PROFILE ?= dev
CARGO_FLAGS ?= --locked
ARGS ?=
SECONDS_EACH ?= 60

TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)
PROFILE_DIR = $(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
# Absolute, also where the path to this folder holds spaces.
BIN = "$$(realpath -m -- "$(TARGET_DIR)/$(PROFILE_DIR)/gatehouse")"
DEBUG_BIN = "$$(realpath -m -- "$(TARGET_DIR)/debug/gatehouse")"
# Runs a command with the tools of scripts/install-deps.sh in its PATH.
TOOLS = scripts/with-tools.sh

VENDOR = assets/vendor/icons.svg

.PHONY: help setup deps-build deps-test assets demo check test test-postgres peers e2e conformance bench fuzz fuzz-short fmt clippy build

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: deps-build deps-test assets ## install everything that building and testing need
	cargo fetch $(CARGO_FLAGS)

deps-build:
	@scripts/install-deps.sh build node

deps-test:
	@scripts/install-deps.sh build node test

# Fonts, htmx and icons, embedded in the binary. Node is needed to build them, never to run.
assets: $(VENDOR) ## build the front-end assets

$(VENDOR): package.json package-lock.json scripts/build-assets.mjs assets/icons.txt
	scripts/install-deps.sh node
	$(TOOLS) npm ci --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error
	$(TOOLS) node scripts/build-assets.mjs
	touch $(VENDOR)

# The dev profile: dependencies are optimised a little, the gateway is not. That builds in half the time of release and
# is fast enough to click through.
demo: deps-build assets ## start the gateway with an example organisation and two apps to sign in to
	cargo build $(CARGO_FLAGS) --profile $(PROFILE) --bin gatehouse
	exec $(BIN) demo $(ARGS)

build: deps-build assets ## build the gateway
	cargo build $(CARGO_FLAGS) --profile $(PROFILE) --bin gatehouse

fmt:
	cargo fmt --all -- --check

clippy: deps-build assets
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

check: fmt clippy ## formatting, lints and unit tests: run before every commit
	cargo test $(CARGO_FLAGS) --workspace --lib --bins

test: deps-test assets fmt clippy ## everything: what continuous integration runs
	@log="$$(mktemp)"; trap 'rm -f "$$log"' EXIT; \
	cargo test $(CARGO_FLAGS) --workspace 2>&1 | tee "$$log"; \
	tests/conformance/run.sh --from-log "$$log" >/dev/null; \
	tests/conformance/run.sh --of oidc --from-log "$$log" >/dev/null
# The fuzz targets are a workspace of their own: what they keep must go on passing, their lock file must fit, and a look at what
# is near must find nothing new.
	cd fuzz && cargo test $(CARGO_FLAGS) --test replay
	fuzz/run.sh --short 2
# The integration tests built the program; a build of it alone would resolve features anew and take minutes.
	GATEHOUSE_BIN=$(DEBUG_BIN) $(TOOLS) tests/peers/run.sh
	GATEHOUSE_BIN=$(DEBUG_BIN) $(TOOLS) tests/e2e/run.sh

test-postgres: deps-test assets ## the tests on PostgreSQL, which they start themselves, and the peers on it
	@log="$$(mktemp)"; trap 'rm -f "$$log"' EXIT; \
	cargo test $(CARGO_FLAGS) --test it -- postgres | tee "$$log"; \
	grep -q '^running [1-9]' "$$log" || { echo "make test-postgres: no test has postgres in its name" >&2; exit 1; }
	cargo build $(CARGO_FLAGS) --bin gatehouse
	GATEHOUSE_BIN=$(DEBUG_BIN) $(TOOLS) tests/peers/run.sh --postgres

peers: deps-test assets ## real SAML and OIDC libraries and servers against the running gateway
	cargo build $(CARGO_FLAGS) --bin gatehouse
	GATEHOUSE_BIN=$(DEBUG_BIN) $(TOOLS) tests/peers/run.sh

e2e: deps-test assets ## headless Chromium through portal, console and sample apps
	cargo build $(CARGO_FLAGS) --bin gatehouse
	GATEHOUSE_BIN=$(DEBUG_BIN) $(TOOLS) tests/e2e/run.sh

conformance: deps-test assets ## the SAML checklists as a table, or ARGS="--of oidc" the OpenID Connect modules
	@CARGO_FLAGS="$(CARGO_FLAGS)" $(TOOLS) tests/conformance/run.sh $(ARGS)

bench: deps-build assets ## the benchmarks; figures mean something on a quiet machine only
	cargo bench $(CARGO_FLAGS)
	cargo bench $(CARGO_FLAGS) -p gatehouse-saml --bench messages

fuzz: deps-build ## fuzz one target: make fuzz TARGET=saml_authn_request SECONDS_EACH=60
	@[ -n "$(TARGET)" ] || { echo "make fuzz: name a target, TARGET=…; there are:" >&2; ls fuzz/fuzz_targets | sed 's/\.rs$$//; s/^/  /' >&2; exit 2; }
	fuzz/run.sh "$(TARGET)" $(SECONDS_EACH)

fuzz-short: deps-build ## replay the kept corpora, then fuzz every target for ten seconds
	cd fuzz && cargo test $(CARGO_FLAGS) --test replay
	fuzz/run.sh --short 10
