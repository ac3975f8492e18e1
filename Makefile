WASM = wasm32-unknown-unknown
GUESTS = -p flipcache-component -p flipcache-codec -p flipcache-middleware -p flipcache-middleware-zstd \
	-p flipcache-middleware-pass-through -p flipcache-guest -p flipcache-example-shortener \
	-p flipcache-example-word-count -p flipcache-test-app -p flipcache-test-command-app \
	-p flipcache-test-hostile -p flipcache-test-sdk-app -p flipcache-bench-app

# How long a target is fuzzed.
FUZZ_SECONDS = 60

.PHONY: help setup setup-wasm setup-redis setup-python setup-fuzz demo examples test fuzz bench lint

help:
	@echo 'make demo      show the cache at work, without Redis'
	@echo 'make examples  build two applications that use the cache, into target/examples'
	@echo 'make test      run all tests, against a real Redis'
	@echo 'make fuzz      fuzz the core and the decoders, a minute a target; FUZZ_SECONDS=600 for ten'
	@echo 'make bench     measure everything beside what others cost, and write docs/src/benchmarks.md'
	@echo 'make lint      check formatting, lints and docs'
	@echo 'make setup     install what these need: the wasm target of Rust, redis-server, and Python'

setup: setup-wasm setup-redis setup-python

setup-wasm:
	@.ci/setup-wasm

setup-redis:
	@.ci/setup-redis

setup-python:
	@.ci/setup-python

setup-fuzz:
	@.ci/setup-fuzz

demo: setup-wasm
	cargo run -p flipcache -- demo

examples: setup-wasm
	cargo run -p flipcache-tests --bin build-examples -- target/examples

# The last line: what the binary does with a feature that is off by default.
test: setup
	cargo test --workspace
	cargo test --workspace --features flipcache/opentelemetry --test cli traces

# What is found goes to fuzz/corpus, which the next run begins with, and what fails to fuzz/artifacts. There is
# no sanitizer, which only nightly Rust has: the invariants are the targets' own, and the code is safe.
fuzz: setup-fuzz
	cargo fuzz build -s none
	@set -e; for target in $$(cargo fuzz list); do \
		mkdir -p "fuzz/corpus/$$target"; \
		echo "fuzzing $$target"; \
		cargo fuzz run -s none "$$target" "fuzz/corpus/$$target" "fuzz/seeds/$$target" -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -verbosity=0; \
	done

# Without the feature cli, the binary is not linked as well. Fat LTO takes its minutes.
bench: setup
	FLIPCACHE_BENCH_MARKDOWN='$(CURDIR)/docs/src/benchmarks.md' \
		cargo bench -p flipcache --no-default-features --features wasmtime --bench cache

lint: setup-wasm
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
