//! Builds the tests' application component: `FLIPCACHE_TEST_APP_FILE` names it.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};

#[path = "../host/build/guest.rs"]
mod guest;
#[path = "../host/build/toolchain.rs"]
mod toolchain;

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
    let app = guest::Guest {
        package: "flipcache-test-app",
        sources: &["tests/app/Cargo.toml", "tests/app/src", "wit"],
    };
    let component = app.build(workspace, &out_dir)?;
    let file = out_dir.join("app.wasm");
    fs::write(&file, component).with_context(|| format!("cannot write {}", file.display()))?;
    println!(
        "cargo::rustc-env=FLIPCACHE_TEST_APP_FILE={}",
        file.display()
    );
    Ok(())
}
