//! Copies the component, which this package's build script has built, to a file: `make component`.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use flipcache_tests::components::FLIPCACHE;

fn main() -> Result<()> {
    let copy = env::args_os().nth(1).map(PathBuf::from);
    let copy = copy.context("usage: build-component FILE")?;
    if let Some(folder) = copy.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::copy(FLIPCACHE, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    println!("{}", copy.display());
    Ok(())
}
