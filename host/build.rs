//! Builds or finds the component files that the library embeds: `FLIPCACHE_COMPONENT_FILE` names
//! the cache, and `FLIPCACHE_WASI_KEYVALUE_…_FILE` the adapters of the feature `wasi-keyvalue`.
//!
//! The cache is the first of
//! 1. the file that the environment's `FLIPCACHE_COMPONENT` names;
//! 2. the workspace's `guest/component`, built here;
//! 3. `flipcache.wasm` in this crate's own folder, as it is published.
//!
//! The adapters are next to it if it is a file, and are built with it otherwise. Next to a file of
//! the environment they may be missing: the library is then built without them, and its functions
//! that need them fail.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use wit_component::DecodedWasm;

#[path = "build/adapters.rs"]
mod adapters;
#[path = "build/guest.rs"]
mod guest;
#[path = "build/toolchain.rs"]
mod toolchain;

use adapters::ADAPTERS;
use guest::Guest;

/// The variable that names a component file to use instead of building one.
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
    let source = Source::find()?;
    let component = match &source {
        Source::Given(file) => ready(file).with_context(|| format!("cannot use {READY_FILE}")),
        Source::Workspace(workspace) => build(&GUEST, workspace, &out_dir),
        Source::Packed(file) => ready(file),
    };
    embed(&component?, &out_dir, "flipcache.wasm", "COMPONENT")?;
    if env::var_os("CARGO_FEATURE_WASI_KEYVALUE").is_none() {
        return Ok(());
    }
    for adapter in &ADAPTERS {
        let component = match &source {
            Source::Given(file) => match file.with_file_name(adapter.file) {
                file if file.exists() => ready(&file)?,
                _ => Vec::new(),
            },
            Source::Workspace(workspace) => build(&adapter.guest, workspace, &out_dir)?,
            Source::Packed(file) => ready(&file.with_file_name(adapter.file))?,
        };
        embed(&component, &out_dir, adapter.file, adapter.variable)?;
    }
    Ok(())
}

/// The source of the component files.
enum Source {
    /// The environment's cache, and the files next to it.
    Given(PathBuf),
    /// Source code in a workspace.
    Workspace(PathBuf),
    /// The published cache, and the files next to it.
    Packed(PathBuf),
}

impl Source {
    fn find() -> Result<Self> {
        println!("cargo::rerun-if-env-changed={READY_FILE}");
        if let Some(path) = env::var_os(READY_FILE).filter(|path| !path.is_empty()) {
            return Ok(Self::Given(path.into()));
        }
        let crate_dir = dir("CARGO_MANIFEST_DIR")?;
        if let Some(workspace) = crate_dir.parent().filter(|dir| is_workspace(dir)) {
            return Ok(Self::Workspace(workspace.to_owned()));
        }
        let packed = crate_dir.join("flipcache.wasm");
        if packed.exists() {
            return Ok(Self::Packed(packed));
        }
        bail!(
            "no component to embed: {} does not exist, and neither are the sources in ../guest/component; \
             set {READY_FILE} to the absolute path of a built flipcache.wasm",
            packed.display(),
        )
    }
}

fn build(guest: &Guest, workspace: &Path, out_dir: &Path) -> Result<Vec<u8>> {
    let built = guest.build(workspace, out_dir);
    built.with_context(|| format!("cannot build {}", guest.package))
}

/// Writes a file and sets the variable by which the library finds it.
fn embed(component: &[u8], out_dir: &Path, name: &str, variable: &str) -> Result<()> {
    let file = out_dir.join(name);
    fs::write(&file, component).with_context(|| format!("cannot write {}", file.display()))?;
    let file = file.display();
    println!("cargo::rustc-env=FLIPCACHE_{variable}_FILE={file}");
    Ok(())
}

/// Returns whether this directory is the workspace, with the component's sources.
fn is_workspace(dir: &Path) -> bool {
    dir.join("Cargo.lock").exists() && dir.join("guest/component/Cargo.toml").exists()
}

/// Reads a file and checks that it is a component, so that a wrong one fails here and not when the
/// program starts.
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

/// Returns a directory that cargo passes to build scripts in an environment variable.
fn dir(variable: &str) -> Result<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .with_context(|| format!("{variable} is not set: run this by cargo"))
}
