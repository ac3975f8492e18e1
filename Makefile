WASM = wasm32-unknown-unknown
GUESTS = -p flipcache-component -p flipcache-codec -p flipcache-middleware -p flipcache-middleware-zstd \
	-p flipcache-middleware-pass-through -p flipcache-guest -p flipcache-example-primes -p flipcache-example-shortener \
	-p flipcache-example-word-count -p flipcache-test-app -p flipcache-test-command-app \
	-p flipcache-test-hostile -p flipcache-test-sdk-app -p flipcache-bench-app -p flipcache-wasi-keyvalue-backend \
	-p flipcache-wasi-keyvalue-backend-draft -p flipcache-wasi-keyvalue-backend-draft2 \
	-p flipcache-wasi-keyvalue-provider -p flipcache-test-keyvalue-command -p flipcache-test-keyvalue-proxy

# How long a target is fuzzed.
FUZZ_SECONDS = 60

BENCH_PAGE = docs/src/benchmarks.md
HIT_RATIO = cargo run --release -p flipcache-hit-ratio -- '$(TRACES)'

# What cargo builds, in the profile that it uses without --release. `cargo run -p` would compile half of it again, with other
# features: those of one package.
BUILD = cargo build --workspace --bin
BUILT = $(or $(CARGO_TARGET_DIR),target)/debug

.PHONY: help setup setup-wasm setup-redis setup-python setup-node setup-chromium setup-fuzz setup-wkg setup-deny demo valkey component \
	examples test node web python hosts conformance fuzz bench hit-ratio lint publish-check

help:
	@echo 'make demo      show the cache at work, without Redis'
	@echo 'make examples  build two applications that use the cache, into target/examples'
	@echo 'make test      run all tests, against a real Redis'
	@echo 'make component write the component to target/flipcache.wasm, for hosts in other languages'
	@echo 'make hosts     test the packages for Node, browsers and Python'
	@echo 'make conformance'
	@echo '               run one suite in Rust, Node, Chromium and Python, and write the table of the README'
	@echo 'make valkey    run the contract of backends over Valkey'
	@echo 'make publish-check'
	@echo '               pack what a release publishes, and use it as its users would'
	@echo 'make fuzz      fuzz the core and the decoders, a minute a target; FUZZ_SECONDS=600 for ten'
	@echo 'make bench     measure the cache beside others, and write docs/src/benchmarks.md with its plots'
	@echo 'make hit-ratio TRACES=DIR'
	@echo '               replay access traces through the core and through other caches, and print the hit ratios'
	@echo 'make lint      check formatting, lints and docs'
	@echo 'make setup     install their tools: the wasm target of Rust, redis-server, Python, Node and Chromium'

setup: setup-wasm setup-redis setup-python setup-node setup-chromium

setup-wasm:
	@.ci/setup-wasm

setup-redis:
	@.ci/setup-redis

setup-python:
	@.ci/setup-python

setup-node:
	@.ci/setup-node

setup-chromium:
	@.ci/setup-chromium

setup-fuzz:
	@.ci/setup-fuzz

setup-wkg:
	@.ci/setup-wkg

setup-deny:
	@.ci/setup-deny

demo: setup-wasm
	$(BUILD) flipcache
	$(BUILT)/flipcache demo

examples: setup-wasm
	$(BUILD) build-examples
	$(BUILT)/build-examples target/examples

# By a package that does not depend on the host: users of the component elsewhere need not build wasmtime.
component: setup-wasm
	$(BUILD) build-component
	$(BUILT)/build-component target/flipcache.wasm

# The last line tests the binary with a feature that is off by default.
test: setup-wasm setup-redis setup-python
	cargo test --workspace
	cargo test --workspace --features flipcache/opentelemetry --test cli traces

# Over the server of a Python package, which is not installed.
valkey: setup-wasm setup-redis
	.ci/valkey

node: setup-node component
	cd host/node && npm ci && npm run build

web: node
	cd host/web && npm ci && npm run build

python: setup-python component
	host/python/dev setup

hosts: node web python setup-redis setup-chromium
	cd host/node && npm test
	cd host/web && npm test
	host/python/dev check
	host/python/dev test

# Each host reports what it passes. Reports of an earlier run may be wrong for this one.
conformance: node web python setup-redis setup-chromium
	rm -rf target/conformance
	cargo test --workspace --test suite conformance
	cd host/node && npm run conformance
	cd host/web && npm run conformance
	host/python/dev conformance
	$(BUILD) conformance-table
	$(BUILT)/conformance-table $(if $(CI),--check) target/conformance README.md

publish-check: setup-wkg component
	.ci/publish-check

# New inputs go to fuzz/corpus, which the next run begins with, and failing ones to fuzz/artifacts. There is no
# sanitizer, which only nightly Rust has: the invariants are the targets' own, and the code is safe.
fuzz: setup-fuzz
	cargo fuzz build -s none
	@set -e; for target in $$(cargo fuzz list); do \
		mkdir -p "fuzz/corpus/$$target"; \
		echo "fuzzing $$target"; \
		cargo fuzz run -s none "$$target" "fuzz/corpus/$$target" "fuzz/seeds/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0; \
	done

# Without the feature cli, the binary is not linked as well. Fat LTO takes some minutes. With TRACES=DIR, hit
# ratios are measured, too.
bench: setup
	$(if $(TRACES),$(HIT_RATIO) $(if $(filter-out 0,$(FLIPCACHE_BENCH_QUICK)),,--page '$(CURDIR)/$(BENCH_PAGE)'))
	FLIPCACHE_BENCH_MARKDOWN='$(CURDIR)/$(BENCH_PAGE)' \
		cargo bench -p flipcache --no-default-features --features wasmtime --bench cache

# Traces are not a part of the project: files *.u32.zst, little-endian key numbers, compressed with zstd.
hit-ratio:
	@test -n '$(TRACES)' || { echo 'make hit-ratio: name a folder of traces, TRACES=DIR' >&2; exit 2; }
	$(HIT_RATIO)

lint: setup-wasm
	.ci/words
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --workspace --all-targets --features flipcache/opentelemetry -- -D warnings
	@if ls "$$(rustc --print target-libdir --target $(WASM))"/libstd-* >/dev/null 2>&1; \
	then set -x; cargo clippy $(GUESTS) --target $(WASM) -- -D warnings; \
	else echo 'lint: clippy leaves out $(WASM), whose std is not installed'; fi
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	@if command -v cargo-deny >/dev/null; \
	then set -x; cargo deny check licenses bans sources; \
	else echo 'lint: licenses are not checked, cargo-deny is not installed'; fi
