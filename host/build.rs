//! Puts the component file where the library embeds it from: `FLIPCACHE_COMPONENT_FILE` names it.
//!
//! In this order it is
//! 1. the file that the environment's `FLIPCACHE_COMPONENT` names;
//! 2. the workspace's `guest/component`, built here;
//! 3. `flipcache.wasm` in this crate's own folder, as it is published.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use wit_component::DecodedWasm;

#[path = "build/guest.rs"]
mod guest;
#[path = "build/toolchain.rs"]
mod toolchain;

use guest::Guest;

/// The variable that names a component file to take instead of building one.
const READY_FILE: &str = "FLIPCACHE_COMPONENT";

/// The component's package.
const GUEST: Guest = Guest {
    package: "flipcache-component",
    sources: &[
        "guest/component/Cargo.toml",
        "guest/component/src",
        "guest/core/Cargo.toml",
        "guest/core/src",
        "wit",
    ],
};

/// Magic number, version and layer. A core module differs in the last two.
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    if env::var_os("CARGO_FEATURE_WASMTIME").is_none() {
        return Ok(());
    }
    let out_dir = dir("OUT_DIR")?;
    let component = component(&out_dir)?;

    let file = out_dir.join("flipcache.wasm");
    fs::write(&file, component).with_context(|| format!("cannot write {}", file.display()))?;
    println!(
        "cargo::rustc-env=FLIPCACHE_COMPONENT_FILE={}",
        file.display()
    );
    Ok(())
}

fn component(out_dir: &Path) -> Result<Vec<u8>> {
    println!("cargo::rerun-if-env-changed={READY_FILE}");
    if let Some(path) = env::var_os(READY_FILE).filter(|path| !path.is_empty()) {
        return ready(Path::new(&path)).with_context(|| format!("cannot use {READY_FILE}"));
    }

    let crate_dir = dir("CARGO_MANIFEST_DIR")?;
    if let Some(workspace) = crate_dir.parent().filter(|dir| is_workspace(dir)) {
        return GUEST
            .build(workspace, out_dir)
            .context("cannot build the component in guest/component");
    }

    let packed = crate_dir.join("flipcache.wasm");
    if packed.exists() {
        return ready(&packed);
    }
    bail!(
        "no component to embed: {} is not there, nor are the sources in ../guest/component; \
         set {READY_FILE} to the absolute path of a built flipcache.wasm",
        packed.display(),
    )
}

/// Whether this directory is the workspace, with the component's sources.
fn is_workspace(dir: &Path) -> bool {
    dir.join("Cargo.lock").exists() && dir.join("guest/component/Cargo.toml").exists()
}

/// Reads a file and makes sure that it is a component, so that a wrong one fails here and not at the program's start.
fn ready(path: &Path) -> Result<Vec<u8>> {
    // Cargo starts build scripts in the crate's folder, not where the user typed the path.
    ensure!(
        path.is_absolute(),
        "`{}` is not an absolute path",
        path.display()
    );
    println!("cargo::rerun-if-changed={}", path.display());
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(
        bytes.starts_with(COMPONENT_HEADER),
        "{} is not a component",
        path.display()
    );
    let decoded =
        wit_component::decode(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
    // A WIT package in binary form is encoded as a component too.
    ensure!(
        matches!(decoded, DecodedWasm::Component(..)),
        "{} is a WIT package",
        path.display()
    );
    Ok(bytes)
}

/// A directory that cargo tells build scripts by an environment variable.
fn dir(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .with_context(|| format!("{variable} is not set: run this by cargo"))
}
