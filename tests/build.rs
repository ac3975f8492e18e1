//! Builds the components that the tests run beside the cache's own; `FLIPCACHE_TEST_…_FILE` name
//! them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};

#[path = "../host/build/adapters.rs"]
mod adapters;
#[path = "../host/build/guest.rs"]
mod guest;
#[path = "../host/build/toolchain.rs"]
mod toolchain;

use adapters::ADAPTERS;
use guest::Guest;

/// The cache.
const FLIPCACHE: Guest = Guest {
    package: "flipcache-component",
    sources: &["guest/component", "guest/core", "wit"],
};

/// An application that imports the cache.
const APP: Guest = Guest {
    package: "flipcache-test-app",
    sources: &["tests/app/Cargo.toml", "tests/app/src", "wit"],
};

/// A command and a proxy that do what a host must bear.
const HOSTILE: Guest = Guest {
    package: "flipcache-test-hostile",
    sources: &["tests/hostile/Cargo.toml", "tests/hostile/src"],
};

/// An application that is written with the crate for authors.
const SDK_APP: Guest = Guest {
    package: "flipcache-test-sdk-app",
    sources: &[
        "guest/sdk/Cargo.toml",
        "guest/sdk/src",
        "tests/sdk-app/Cargo.toml",
        "tests/sdk-app/src",
        "wit",
    ],
};

/// A command that executes the lines of its input on its caches.
const COMMAND_APP: Guest = Guest {
    package: "flipcache-test-command-app",
    sources: &[
        "guest/sdk/Cargo.toml",
        "guest/sdk/src",
        "tests/command-app/Cargo.toml",
        "tests/command-app/src",
        "wit",
    ],
};

/// Applications that were written for `wasi:keyvalue`.
const KEYVALUE_COMMAND: Guest = Guest {
    package: "flipcache-test-keyvalue-command",
    sources: &["guest/wasi-keyvalue/wit", "tests/keyvalue-app/command"],
};

const KEYVALUE_PROXY: Guest = Guest {
    package: "flipcache-test-keyvalue-proxy",
    sources: &["guest/wasi-keyvalue/wit", "tests/keyvalue-app/proxy"],
};

/// An application that is measured.
const BENCH_APP: Guest = Guest {
    package: "flipcache-bench-app",
    sources: &["tests/bench-app", "wit"],
};

/// The examples.
const PRIMES: Guest = Guest {
    package: "flipcache-example-primes",
    sources: &[
        "guest/examples/primes",
        "guest/sdk/Cargo.toml",
        "guest/sdk/src",
        "wit",
    ],
};

const SHORTENER: Guest = Guest {
    package: "flipcache-example-shortener",
    sources: &[
        "guest/examples/shortener",
        "guest/sdk/Cargo.toml",
        "guest/sdk/src",
        "wit",
    ],
};

const WORD_COUNT: Guest = Guest {
    package: "flipcache-example-word-count",
    sources: &[
        "guest/examples/word-count",
        "guest/sdk/Cargo.toml",
        "guest/sdk/src",
        "wit",
    ],
};

/// What stands between the cache and its backend.
const PASS_THROUGH: Guest = Guest {
    package: "flipcache-middleware-pass-through",
    sources: &["guest/codec", "guest/middleware", "wit"],
};

const ZSTD: Guest = Guest {
    package: "flipcache-middleware-zstd",
    sources: &["guest/codec", "guest/middleware", "wit"],
};

fn main() -> Result<()> {
    let dir = |variable| {
        env::var_os(variable)
            .map(PathBuf::from)
            .context("run this by cargo")
    };
    let (crate_dir, out_dir) = (dir("CARGO_MANIFEST_DIR")?, dir("OUT_DIR")?);
    let workspace = crate_dir
        .parent()
        .context("this crate stands in its workspace")?;
    build(&FLIPCACHE, "FLIPCACHE", workspace, &out_dir)?;
    for adapter in &ADAPTERS {
        let file = out_dir.join(adapter.file);
        build_as(&file, &adapter.guest, adapter.variable, workspace, &out_dir)?;
    }
    build(&APP, "APP", workspace, &out_dir)?;
    build(&HOSTILE, "HOSTILE", workspace, &out_dir)?;
    build(&PASS_THROUGH, "PASS_THROUGH", workspace, &out_dir)?;
    build(&ZSTD, "ZSTD", workspace, &out_dir)?;
    build(&BENCH_APP, "BENCH_APP", workspace, &out_dir)?;
    build(&SDK_APP, "SDK_APP", workspace, &out_dir)?;
    build(&COMMAND_APP, "COMMAND_APP", workspace, &out_dir)?;
    build(&KEYVALUE_COMMAND, "KEYVALUE_COMMAND", workspace, &out_dir)?;
    build(&KEYVALUE_PROXY, "KEYVALUE_PROXY", workspace, &out_dir)?;
    build(&PRIMES, "PRIMES", workspace, &out_dir)?;
    build(&SHORTENER, "SHORTENER", workspace, &out_dir)?;
    build(&WORD_COUNT, "WORD_COUNT", workspace, &out_dir)
}

fn build(guest: &Guest, name: &str, workspace: &Path, out_dir: &Path) -> Result<()> {
    let file = out_dir.join(guest.package).with_extension("wasm");
    build_as(&file, guest, name, workspace, out_dir)
}

fn build_as(
    file: &Path,
    guest: &Guest,
    name: &str,
    workspace: &Path,
    out_dir: &Path,
) -> Result<()> {
    let component = guest.build(workspace, out_dir)?;
    fs::write(file, component).with_context(|| format!("cannot write {}", file.display()))?;
    println!(
        "cargo::rustc-env=FLIPCACHE_TEST_{name}_FILE={}",
        file.display()
    );
    Ok(())
}
