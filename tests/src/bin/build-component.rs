//! Copies the component, which this package's build script has built, to a file, and its adapters
//! beside it: `make component`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use flipcache_tests::components::{ADAPTERS, FLIPCACHE};

fn main() -> Result<()> {
    let file = env::args_os().nth(1).map(PathBuf::from);
    let file = file.context("usage: build-component FILE")?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    copy(FLIPCACHE, &file)?;
    for adapter in ADAPTERS {
        let name = Path::new(adapter).file_name();
        copy(
            adapter,
            &file.with_file_name(name.context("a file has a name")?),
        )?;
    }
    Ok(())
}

fn copy(built: &str, file: &Path) -> Result<()> {
    fs::copy(built, file).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{}", file.display());
    Ok(())
}
